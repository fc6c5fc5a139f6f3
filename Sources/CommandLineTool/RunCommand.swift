import ArgumentParser
import Convolution
import Files
import Foundation
import LinearAlgebra
import ModelFiles
import Outcomes
import RunControl
import Verification

/// `tombola run`: a network's outputs for images.
struct RunCommand: ParsableCommand, ChoosingBLASCore {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run a network, a ticket or a slim export on images, and write its outputs.",
    discussion: """
      FILE.npz holds the outputs as `y`: (N, K), or (N, C, H, W) for a network that makes images. The \
      seconds are those of the forward pass alone. To compare with ONNX Runtime: \
      session.run(None, {name: numpy.load("x.npz")["x"]})[0] - numpy.load("y.npz")["y"].
      """)

  /// Images whose classes are shown.
  static let shown = 5

  @Argument(help: "A network (.onnx) or a ticket.") var network: String
  @OptionGroup var data: DataOptions
  @OptionGroup var model: ModelOptions
  @Option(name: .shortAndLong, help: ArgumentHelp("Where the outputs go.", valueName: "FILE.npz"))
  var output: String
  @OptionGroup var convolutions: ConvolutionOptions
  @Flag(name: .customLong("float64"), help: "In double precision, by the slow reference.") var isDouble = false
  @Option(number: ArgumentHelp("Tasks at a time, one a core (default: all cores).", valueName: "T"))
  var threads: Int?
  @Flag(help: "Replace an existing output.") var force = false
  @Flag(help: "Print the figures as JSON.") var json = false
  @OptionGroup var blas: BLASCoreOptions

  func run() throws {
    let workers = try RunOptions.workers(threads)
    guard output.hasSuffix(".npz") else {
      throw OptionError(option: "--output", expected: "a name ending in .npz", found: "'\(output)'")
    }
    if isDouble, let convolution = convolutions.convolution {
      throw OptionError(
        option: "--convolution", expected: "no --float64 beside it, which has one way", found: convolution.rawValue)
    }
    guard data.data != nil else { throw OptionError(option: "--data", expected: "images", found: "none") }
    try OutputFiles.requireDistinct(
      [.file("--output", output)], from: [.file("the network", network), .images("--data", data.data)])
    try AtomicFile.check(output, force: force)
    guard let given = try data.load() else { return }
    let file = try NetworkFile(contentsOf: network, model.choices(images: given))
    let images = try file.arranged(given)
    blas.warnIfSlow(json: json)
    let signals = Signals()
    let progress = ProgressLine()
    defer { progress.clear() }
    let control = RunControl(cancellation: signals.cancellation) { progress.show($0) }
    do {
      let report: ForwardReport
      if isDouble {
        let double = try ForwardRun(file.network.converted(to: Double.self), way: .direct)
        report = try write(double, images.images.converted(to: Double.self), images, workers, control) {
          try NumPyArray(shape: $0, doubles: $1)
        }
      } else {
        report = try write(ForwardRun(file.network, way: convolutions.way), images.images, images, workers, control) {
          try NumPyArray(shape: $0, floats: $1)
        }
      }
      progress.clear()
      var finished = report
      finished.notes = file.notes
      if json { try printJSON(finished) } else { show(finished) }
    } catch let error as InterruptedError {
      progress.clear()
      complain("tombola: \(error)")
      return try finish(signals.exit ?? .failed)
    }
  }

  /// Runs all images, writes the outputs, and says what they were.
  private func write<Scalar: BLASScalar>(
    _ run: ForwardRun<Scalar>, _ images: Tensor<Scalar>, _ data: ImageSet, _ workers: Int, _ control: RunControl,
    array: (_ shape: [Int], _ values: [Scalar]) throws -> NumPyArray
  ) throws -> ForwardReport {
    let start = ContinuousClock.now
    let outputs = try run(images, workers: workers) { range in
      if let reason = control.interruption() { throw InterruptedError(reason: reason) }
      control.report(RunProgress(phase: "images", completed: range.lowerBound, total: images.batch))
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let rows = outputs.flattenedChannelsFirst()
    let shape = outputs.shape
    let dimensions =
      shape.pixels == 1 ? [images.batch, shape.count] : [images.batch, shape.channels, shape.height, shape.width]
    let archive = NumPyArchive(entries: [.init(name: "y", array: try array(dimensions, rows.values))])
    try AtomicFile.write(try archive.serialized(), to: output, force: force)
    let classes = (0..<images.batch).map { image in
      ForwardReport.classes(of: rows.values[image * shape.count..<(image + 1) * shape.count].map { Double($0) })
    }
    var report = ForwardReport(
      images: images.batch, outputShape: dimensions, seconds: seconds, threads: workers,
      convolution: run.way.rawValue, isDouble: isDouble)
    report.first = classes.prefix(Self.shown).map { $0.filter(\.value.isFinite) }
    if let labels = data.labels, shape.pixels == 1 {
      let correct = zip(classes, labels).count { $0.first?.index == $1 }
      report.accuracy = Double(correct) / Double(max(1, labels.count))
    }
    return report
  }

  private func show(_ report: ForwardReport) {
    print("\(network) on \(report.images) images: outputs of shape \(report.outputShape) in \(output)")
    for note in report.notes { print("  note: \(FileError.singleLine(note))") }
    for (index, classes) in report.first.enumerated() {
      let text = classes.map { "\($0.index) (\(String(format: "%.5g", $0.value)))" }.joined(separator: "  ")
      print("  image \(index): argmax \(classes.first.map { "\($0.index)" } ?? "none"), top: \(text)")
    }
    if let accuracy = report.accuracy { print(String(format: "  accuracy %.2f %%", 100 * accuracy)) }
    print(
      String(
        format: "  %.4g s, %.4g images a second (%@%@, %d thread(s))", report.seconds, report.imagesPerSecond,
        report.convolution, report.isDouble ? ", float64" : "", report.threads))
  }
}

/// The figures of a forward pass as `--json` prints them.
struct ForwardReport: Encodable {
  /// An output and its place in the row: a class and its score.
  struct Class: Encodable {
    let index: Int
    let value: Double
  }

  let images: Int
  let outputShape: [Int]
  let seconds: Double
  let threads: Int
  let convolution: String
  let isDouble: Bool
  /// Share of labelled images in their class; nil without labels.
  var accuracy: Double?
  /// The five largest outputs of the first images, largest first.
  var first: [[Class]] = []
  var notes: [String] = []
  var imagesPerSecond: Double { Double(images) / max(seconds, .leastNormalMagnitude) }

  init(images: Int, outputShape: [Int], seconds: Double, threads: Int, convolution: String, isDouble: Bool) {
    self.images = images
    self.outputShape = outputShape
    self.seconds = seconds
    self.threads = threads
    self.convolution = convolution
    self.isDouble = isDouble
  }

  /// The five largest entries of a row, the first of equals first.
  static func classes(of row: [Double]) -> [Class] {
    var best: [Class] = []
    for (index, value) in row.enumerated() {
      if best.count == 5, let last = best.last, !(value > last.value) { continue }
      let place = best.firstIndex { value > $0.value } ?? best.count
      best.insert(Class(index: index, value: value), at: place)
      if best.count > 5 { best.removeLast() }
    }
    return best
  }

  // The keys are the contract's own spelling.
  // swift-format-ignore: AlwaysUseLowerCamelCase
  private enum Key: String, CodingKey {
    case images, output_shape, seconds, images_per_second, threads, convolution, float64, accuracy, notes, argmax
    case top
  }

  func encode(to encoder: any Encoder) throws {
    var json = encoder.container(keyedBy: Key.self)
    try json.encode(images, forKey: .images)
    try json.encode(outputShape, forKey: .output_shape)
    try json.encode(seconds, forKey: .seconds)
    try json.encode(imagesPerSecond, forKey: .images_per_second)
    try json.encode(threads, forKey: .threads)
    try json.encode(convolution, forKey: .convolution)
    try json.encode(isDouble, forKey: .float64)
    try json.encode(accuracy, forKey: .accuracy)
    try json.encode(notes, forKey: .notes)
    try json.encode(first.map { $0.first?.index }, forKey: .argmax)
    try json.encode(first, forKey: .top)
  }
}
