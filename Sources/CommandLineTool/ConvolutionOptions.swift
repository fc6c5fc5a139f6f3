import ArgumentParser
import Convolution

/// How networks that a command runs compute their convolutions.
struct ConvolutionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How convolutions are computed: what is fastest (auto), kernels of our own, or copied patches and OpenBLAS (im2col); no result depends on it, but for the last digits of run's outputs.",
      valueName: "WAY"))
  var convolution: ConvolutionChoice?

  /// The way that was chosen, or the fastest.
  var way: ConvolutionWay { convolution?.way ?? .automatic }
}

/// The values of `--convolution`.
enum ConvolutionChoice: String, CaseIterable, ExpressibleByArgument {
  case auto, kernels, im2col

  /// - Parameter argument: one of the names; `automatic` is another name of `auto`.
  init?(argument: String) {
    self.init(rawValue: argument == "automatic" ? Self.auto.rawValue : argument)
  }

  var way: ConvolutionWay {
    switch self {
    case .auto: .automatic
    case .kernels: .kernels
    case .im2col: .im2col
    }
  }
}
