import CTombola
import Convolution
import Files
import Foundation
import ModelFiles
import Outcomes
import Verification

/// A place for a handle that a call gives.
typealias HandlePlace = UnsafeMutablePointer<OpaquePointer?>
/// A place for a text that a call gives.
typealias TextPlace = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

/// Reads a model's file; tombola.h says how.
@_cdecl("tombola_network_read") public func tombolaNetworkRead(
  _ path: UnsafePointer<CChar>?, _ options: UnsafePointer<CChar>?, _ network: UnsafeMutablePointer<OpaquePointer?>?
) -> Int32 {
  status {
    let path = String(cString: try required(path, "path"))
    let place = try required(network, "network")
    var options = try CallOptions(options)
    let choices = try options.readingOptions()
    try options.finish()
    let model = try ONNXModel(contentsOf: path, choices)
    place.pointee = OpaquePointer(
      keeping: NetworkHandle(model: model, name: path, digest: try TicketFile.digest(ofFile: path)))
    return .done
  }
}

/// Reads a model's bytes; tombola.h says how.
@_cdecl("tombola_network_parse") public func tombolaNetworkParse(
  _ bytes: UnsafeRawPointer?, _ count: Int64, _ name: UnsafePointer<CChar>?, _ options: UnsafePointer<CChar>?,
  _ network: UnsafeMutablePointer<OpaquePointer?>?
) -> Int32 {
  status {
    let place = try required(network, "network")
    let name = text(name) ?? "(in memory)"
    var options = try CallOptions(options)
    let choices = try options.readingOptions()
    try options.finish()
    let data = try TombolaC.bytes(bytes, count)
    let model = try ONNXModel(ONNXDocument(bytes: data, source: name), choices)
    var digest = SHA256Digest()
    data.withUnsafeBytes { digest.update($0) }
    place.pointee = OpaquePointer(
      keeping: NetworkHandle(model: model, name: name, digest: digest.hexadecimal()))
    return .done
  }
}

/// Says what a network is; tombola.h says how.
@_cdecl("tombola_network_report") public func tombolaNetworkReport(
  _ network: OpaquePointer?, _ report: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  status {
    let report = try required(report, "report")
    let network = try handle(network, NetworkHandle.self, "network")
    report.pointee = copied(try JSONReport.text(of: try NetworkReport(network)))
    return .done
  }
}

/// A network's figures; the JSON keys are a contract.
private struct NetworkReport: Encodable {
  let name: String
  let inputShape: [Int]
  let outputShape: [Int]
  let weights: Int
  let biases: Int
  let notes: [String]

  // swift-format-ignore: AlwaysUseLowerCamelCase
  private enum CodingKeys: String, CodingKey {
    case name, weights, biases, notes
    case inputShape = "input_shape"
    case outputShape = "output_shape"
  }

  init(_ handle: NetworkHandle) throws {
    let (input, output) = (handle.network.inputShape, handle.network.outputShape)
    let cost = try handle.network.cost()
    name = handle.name
    inputShape = [input.channels, input.height, input.width]
    outputShape = [output.channels, output.height, output.width]
    (weights, biases) = (cost.weights, cost.biases)
    notes = handle.notes
  }
}

/// The shapes of a network's input and output; tombola.h says how.
@_cdecl("tombola_network_shapes") public func tombolaNetworkShapes(
  _ network: OpaquePointer?, _ input: UnsafeMutablePointer<Int64>?, _ output: UnsafeMutablePointer<Int64>?
) -> Int32 {
  status {
    let network = try handle(network, NetworkHandle.self, "network").network
    for (shape, place) in [
      (network.inputShape, try required(input, "input")), (network.outputShape, try required(output, "output")),
    ] {
      for (index, size) in [shape.channels, shape.height, shape.width].enumerated() { place[index] = Int64(size) }
    }
    return .done
  }
}

/// Runs a network; tombola.h says how.
@_cdecl("tombola_network_forward") public func tombolaNetworkForward(
  _ network: OpaquePointer?, _ images: UnsafePointer<tombola_array>?, _ options: UnsafePointer<CChar>?,
  _ run: UnsafePointer<tombola_run>?, _ outputs: UnsafeMutablePointer<Float>?
) -> Int32 {
  status {
    let outputs = try required(outputs, "outputs")
    let handle = try TombolaC.handle(network, NetworkHandle.self, "network")
    let call = try CallRun(run)
    var options = try CallOptions(options)
    let way = try options.convolution()
    try options.finish()
    guard let array = try LentArray(required(images, "images").pointee, "images") else {
      throw ProblemArrays.missing("images")
    }
    let given = try Tensor<Float>(array)
    let tensor = try handle.model?.arranged(given) ?? given
    let control = call.control
    let values = try call.watched {
      try ForwardRun(handle.network, way: way)(tensor, workers: call.workers) { range in
        if let reason = control.interruption() { throw InterruptedError(reason: reason) }
        control.report(.init(phase: "images", completed: range.lowerBound, total: tensor.batch))
      }
    }.flattenedChannelsFirst().values
    outputs.update(from: values, count: values.count)
    return .done
  }
}

/// Frees a network.
@_cdecl("tombola_network_free") public func tombolaNetworkFree(_ network: OpaquePointer?) {
  network?.release(NetworkHandle.self)
}
