import Experiments
import ModelFiles

extension GraphPicture {
  /// A picture of described layers.
  init(of layers: [DescribedLayer]) {
    self.init(
      layers.map { Node(name: $0.name, summary: $0.summary, shape: $0.shape, inputs: $0.inputs) })
  }
}
