import Convolution
import LinearAlgebra

extension Network where Scalar == Float {
  /// SHA-256 of the target's canonical form, in hexadecimal: what a ticket remembers of its target.
  ///
  /// Digested are one line of text per node of `graph` (type, parameters, inputs; no names), then the kernels, HWIO,
  /// little-endian, layer by layer, then the biases of the layers that have one. A re-exported file with other names
  /// or tensor encodings, or a dense layer written as a convolution, has the same digest.
  ///
  /// - Throws: `TicketError.unsupportedTarget` as `LayerGraph(of:)`.
  public func targetDigest() throws(TicketError) -> String {
    let graph = try LayerGraph(of: self)
    let biases = biases
    var digest = SHA256Digest()
    digest.update("tombola target 1\n")
    var layer = 0
    for row in graph.canonicalRows {
      var text = row.text
      if row.isConvolution {
        if biases[layer] != nil { text += " bias" }
        layer += 1
      }
      digest.update(text + "\n")
    }
    for kernel in kernels { digest.update(kernel) }
    for case let bias? in biases { digest.update(bias) }
    return digest.hexadecimal()
  }
}
