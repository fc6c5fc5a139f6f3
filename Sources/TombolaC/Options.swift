import Convolution
import Foundation
import ModelFiles
import Outcomes
import Tickets

/// A value of JSON, numbers as they are written.
private enum JSONValue: Decodable, CustomStringConvertible {
  case nothing
  case flag(Bool)
  case seed(UInt64)
  case number(Double)
  case text(String)
  case list([JSONValue])
  case object([String: JSONValue])

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .nothing
    } else if let flag = try? value.decode(Bool.self) {
      self = .flag(flag)
    } else if let seed = try? value.decode(UInt64.self) {
      self = .seed(seed)
    } else if let number = try? value.decode(Double.self) {
      self = .number(number)
    } else if let text = try? value.decode(String.self) {
      self = .text(text)
    } else if let list = try? value.decode([JSONValue].self) {
      self = .list(list)
    } else {
      self = .object(try value.decode([String: JSONValue].self))
    }
  }

  /// The number that it is; nil for another value.
  var double: Double? {
    switch self {
    case .seed(let seed): Double(seed)
    case .number(let number): number
    default: nil
    }
  }

  /// The seed that it is, a number or a text of one; nil for another value.
  var seed: UInt64? {
    switch self {
    case .seed(let seed): seed
    case .text(let text): UInt64(text)
    default: nil
    }
  }

  var description: String {
    switch self {
    case .nothing: "null"
    case .flag(let flag): "\(flag)"
    case .seed(let seed): "\(seed)"
    case .number(let number): "\(number)"
    case .text(let text): "'\(text)'"
    case .list(let list): "\(list)"
    case .object(let members): "an object of \(members.count)"
    }
  }
}

/// Options of a call: a JSON object whose members are asked for by name and type. `finish` refuses
/// those that nobody asked for.
struct CallOptions {
  private var members: [String: JSONValue] = [:]
  private var known: Set<String> = []

  /// - Throws: `OptionError` for a text that is no JSON object.
  init(_ pointer: UnsafePointer<CChar>?) throws(OptionError) {
    guard let pointer else { return }
    let text = String(cString: pointer)
    guard let object = try? JSONDecoder().decode([String: JSONValue].self, from: Data(text.utf8)) else {
      throw OptionError(option: "options", expected: "a JSON object", found: "'\(text.prefix(80))'")
    }
    members = object.filter { if case .nothing = $0.value { false } else { true } }
  }

  private mutating func member(_ name: String) -> JSONValue? {
    known.insert(name)
    return members[name]
  }

  private func wrong(_ name: String, _ expected: String, _ found: JSONValue) -> OptionError {
    OptionError(option: name, expected: expected, found: "\(found)")
  }

  mutating func text(_ name: String) throws(OptionError) -> String? {
    guard let value = member(name) else { return nil }
    guard case .text(let text) = value else { throw wrong(name, "a text", value) }
    return text
  }

  mutating func number(_ name: String) throws(OptionError) -> Double? {
    guard let value = member(name) else { return nil }
    guard let number = value.double else { throw wrong(name, "a number", value) }
    return number
  }

  mutating func integer(_ name: String) throws(OptionError) -> Int? {
    guard let value = member(name) else { return nil }
    guard let integer = value.double.flatMap({ Int(exactly: $0) }) else { throw wrong(name, "a whole number", value) }
    return integer
  }

  mutating func flag(_ name: String) throws(OptionError) -> Bool {
    guard let value = member(name) else { return false }
    guard case .flag(let flag) = value else { throw wrong(name, "true or false", value) }
    return flag
  }

  /// A seed: a whole number, or a text of one, as not every writer of JSON keeps all digits.
  mutating func seed(_ name: String) throws(OptionError) -> UInt64? {
    guard let value = member(name) else { return nil }
    if let seed = value.seed { return seed }
    throw wrong(name, "a whole number from 0 to 18446744073709551615", value)
  }

  mutating func numbers(_ name: String) throws(OptionError) -> [Double]? {
    guard let value = member(name) else { return nil }
    guard case .list(let list) = value else { throw wrong(name, "a list of numbers", value) }
    let numbers = list.compactMap(\.double)
    guard numbers.count == list.count else { throw wrong(name, "a list of numbers", value) }
    return numbers
  }

  mutating func integers(_ name: String) throws(OptionError) -> [Int]? {
    guard let numbers = try numbers(name) else { return nil }
    let integers = numbers.compactMap { Int(exactly: $0) }
    guard integers.count == numbers.count else {
      throw OptionError(option: name, expected: "a list of whole numbers", found: "\(numbers)")
    }
    return integers
  }

  /// Seeds, each a whole number or a text of one.
  mutating func seeds(_ name: String) throws(OptionError) -> [UInt64]? {
    guard let value = member(name) else { return nil }
    guard case .list(let list) = value else { throw wrong(name, "a list of seeds", value) }
    let seeds = list.compactMap(\.seed)
    guard seeds.count == list.count else {
      throw wrong(name, "a list of whole numbers from 0 to 18446744073709551615", value)
    }
    return seeds
  }

  /// - Throws: `OptionError` for a member that is no option of the call.
  func finish() throws(OptionError) {
    guard let unknown = members.keys.filter({ !known.contains($0) }).min() else { return }
    throw OptionError(option: "options", expected: known.sorted().joined(separator: ", "), found: "'\(unknown)'")
  }
}

extension CallOptions {
  /// How convolutions are computed.
  mutating func convolution() throws(OptionError) -> ConvolutionWay {
    guard let name = try text("convolution") else { return .automatic }
    let ways: [ConvolutionWay] = [.automatic, .kernels, .im2col]
    guard let way = ways.first(where: { $0.rawValue == name }) else {
      throw OptionError(
        option: "convolution", expected: ways.map(\.rawValue).joined(separator: ", "), found: "'\(name)'")
    }
    return way
  }

  /// How a ticket is searched for.
  ///
  /// - Parameter calibration: what the images to calibrate on are called, or nil.
  mutating func searchChoice(calibration: String?) throws(OptionError) -> SearchChoice {
    var choice = SearchChoice()
    if let mode = try text("mode") { choice.mode = mode }
    choice.sweeps = try integer("sweeps")
    choice.damping = try number("damping")
    choice.metric = try text("metric")
    choice.mix = try number("mix")
    choice.solver = try text("solver")
    if let method = try text("method") { choice.method = method }
    choice.size = try integer("size")
    choice.sizePenalty = try number("size_penalty")
    if let objective = try text("objective") { choice.objective = objective }
    choice.normPerWidth = try number("norm_per_width")
    choice.calibration = calibration
    return choice
  }

  mutating func inputRange() throws -> InputRange? {
    guard let range = try numbers("input_range") else { return nil }
    guard range.count == 2 else {
      throw OptionError(option: "input_range", expected: "two numbers", found: "\(range.count)")
    }
    return try InputRange(low: range[0], high: range[1])
  }

  /// What a search is to reach.
  mutating func goal() throws(OptionError) -> PruneGoal {
    let (width, epsilon, largest) = (try integer("width"), try number("epsilon"), try integer("largest_width"))
    switch (width, epsilon) {
    case (let width?, nil):
      guard largest == nil else {
        throw OptionError(option: "largest_width", expected: "epsilon beside it", found: "width")
      }
      return .width(width)
    case (nil, let epsilon?): return .error(epsilon, largest: largest ?? PruneGoal.largestWidth)
    default:
      throw OptionError(
        option: "width", expected: "either width or epsilon", found: width == nil ? "neither" : "both")
    }
  }

  /// What to take of a model that leaves a choice.
  mutating func readingOptions() throws(OptionError) -> ONNXReadingOptions {
    var options = ONNXReadingOptions()
    options.outputName = try text("output_name")
    guard let sizes = try numbers("input_shape") else { return options }
    let shape = sizes.compactMap { Int(exactly: $0) }.filter { $0 > 0 }
    guard shape.count == sizes.count, (1...4).contains(shape.count) else {
      throw OptionError(option: "input_shape", expected: "sizes as [3, 224, 224]", found: "\(sizes)")
    }
    options.inputShape = shape
    return options
  }
}
