import ArgumentParser
import Convolution
import ModelFiles
import Outcomes
import Tickets
import Verification

/// What to take of a model that leaves a choice.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Sizes of the model's input behind the batch, where it leaves them open (default: those of the images).",
      valueName: "C,H,W"))
  var inputShape: String?
  @Option(
    help: ArgumentHelp(
      "The model's output to take, or the value of one of its nodes (default: its one output).", valueName: "NAME"))
  var outputName: String?

  /// The choices.
  ///
  /// - Parameters: what sizes that are neither named nor fixed are taken from, the likeliest first.
  func choices(images: ImageSet? = nil, ticket: Ticket? = nil) throws -> ONNXReadingOptions {
    var options = ONNXReadingOptions()
    options.outputName = outputName
    if let inputShape {
      let sizes = inputShape.split(omittingEmptySubsequences: false, whereSeparator: { ",x×".contains($0) }).map {
        Int($0)
      }
      let known = sizes.compactMap { $0 }.filter { $0 > 0 }
      guard known.count == sizes.count, (1...4).contains(known.count) else {
        throw OptionError(option: "--input-shape", expected: "sizes as 3,224,224", found: "'\(inputShape)'")
      }
      options.inputShape = known
    }
    // An array's sizes were taken for channels, rows and columns, in whatever order they lie.
    if let shape = images?.images.shape {
      options.openShapes.append([shape.channels, shape.height, shape.width].filter { $0 > 1 })
      options = options.falling(backOn: shape)
    }
    if let ticket { options = options.falling(backOn: ticket.graph.inputShape) }
    return options
  }
}
