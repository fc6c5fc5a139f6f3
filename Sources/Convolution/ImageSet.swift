import LinearAlgebra

/// Images, with labels when somebody gave them: what accuracy is measured on.
public struct ImageSet: Sendable {
  /// Where the images came from, for reports.
  public let name: String
  /// The images, NHWC.
  public let images: Tensor<Float>
  /// One class per image, or nil.
  public let labels: [Int]?

  /// - Throws: `ConvolutionError` for another number of labels than images, a negative label, or an
  ///   image entry that is not finite: which image, and where in it (NHWC).
  public init(name: String, images: Tensor<Float>, labels: [Int]?) throws(ConvolutionError) {
    if let labels {
      guard labels.count == images.batch else {
        throw .shapeMismatch(at: name, expected: "\(images.batch) labels", found: "\(labels.count)")
      }
      if let wrong = labels.firstIndex(where: { $0 < 0 }) {
        throw .shapeMismatch(at: "\(name), label \(wrong)", expected: "a class ≥ 0", found: "\(labels[wrong])")
      }
    }
    if let wrong = images.values.firstIndex(where: { !$0.isFinite }) {
      let (image, entry) = wrong.quotientAndRemainder(dividingBy: images.shape.count)
      throw .notFinite(at: "\(name), image \(image)", index: entry)
    }
    self.name = name
    self.images = images
    self.labels = labels
  }

  /// The first `count` images, or all when there are fewer.
  public func prefix(_ count: Int) -> ImageSet {
    let count = min(max(0, count), images.batch)
    return ImageSet(
      unchecked: name, images: images.images(0..<count), labels: labels.map { Array($0.prefix(count)) })
  }

  private init(unchecked name: String, images: Tensor<Float>, labels: [Int]?) {
    self.name = name
    self.images = images
    self.labels = labels
  }
}
