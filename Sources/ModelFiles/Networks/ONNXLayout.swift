import Convolution

/// How a document's value lies over an image of the network: for each of its dimensions behind the
/// batch, the image's axes that it counts, the slowest first.
///
/// (N, C, H, W) is `[[channel], [row], [column]]`, (N, H, W, C) another order of these, a flat row
/// (N, K) `[[channel, row, column]]`, and a dimension of size 1 `[]`. Axes of size 1 are left out,
/// so that two spellings of one order are equal. Transpose reorders the dimensions, Reshape
/// regroups them, and the network computes the same as if neither were there.
struct ONNXLayout: Equatable {
  enum Axis: Hashable {
    case channel, row, column

    func size(in shape: ImageShape) -> Int {
      switch self {
      case .channel: shape.channels
      case .row: shape.height
      case .column: shape.width
      }
    }
  }

  let dimensions: [[Axis]]

  /// - Parameter shape: of the image; its axes of size 1 are left out.
  init(_ dimensions: [[Axis]], of shape: ImageShape) {
    self.dimensions = dimensions.map { $0.filter { $0.size(in: shape) > 1 } }
  }

  /// (N, C, H, W), or with one axis of pixels (N, C, W).
  static func image(_ shape: ImageShape, spatial: Int = 2) -> ONNXLayout {
    ONNXLayout(spatial == 1 ? [[.channel], [.column]] : [[.channel], [.row], [.column]], of: shape)
  }

  /// (N, K) in channel, row, column order.
  static func row(_ shape: ImageShape) -> ONNXLayout {
    ONNXLayout([[.channel, .row, .column]], of: shape)
  }

  /// How many dimensions the value has, that of the batch included.
  var rank: Int { dimensions.count + 1 }

  /// The sizes behind the batch.
  func sizes(in shape: ImageShape) -> [Int] {
    dimensions.map { $0.reduce(1) { $0 * $1.size(in: shape) } }
  }

  /// The axes of pixels, of an image in the order of Conv: 2, or 1 for (N, C, W); nil for another
  /// order.
  func spatial(in shape: ImageShape) -> Int? {
    if self == .image(shape) { return 2 }
    return shape.height == 1 && self == .image(shape, spatial: 1) ? 1 : nil
  }

  /// The axis that each dimension stands for, those of size 1 too; nil where some stand for several
  /// or the order is none that images have.
  func axes(in shape: ImageShape) -> [Axis]? {
    let orders: [[Axis]] = [
      [.channel, .row, .column], [.row, .column, .channel], [.channel, .column], [.column, .channel], [.channel],
    ]
    return orders.first { order in
      order.count == dimensions.count && (order.contains(.row) || shape.height == 1)
        && (order.contains(.column) || shape.width == 1) && self == ONNXLayout(order.map { [$0] }, of: shape)
    }
  }

  /// The same entries in the same order under other dimensions; nil where one of them would split
  /// an axis.
  func regrouped(_ sizes: [Int], in shape: ImageShape) -> ONNXLayout? {
    var axes = dimensions.joined()[...]
    var groups: [[Axis]] = []
    for size in sizes {
      var group: [Axis] = []
      var product = 1
      while product < size, let axis = axes.popFirst() {
        product *= axis.size(in: shape)
        group.append(axis)
      }
      guard product == size else { return nil }
      groups.append(group)
    }
    return axes.isEmpty ? ONNXLayout(groups, of: shape) : nil
  }

  /// As a message says it.
  func text(in shape: ImageShape) -> String {
    if spatial(in: shape) == 2 { return "(N, C, H, W)" }
    if dimensions.count == 1 { return "(N, K)" }
    return "(N, " + sizes(in: shape).map { "\($0)" }.joined(separator: ", ") + ")"
      + (dimensions.count == 3 && dimensions.last == [.channel] ? ", channels last" : "")
  }
}

/// A value that nodes of a document compute, as it stands in the network.
struct ONNXComputed {
  var value: NetworkBuilder<Float>.Value
  var layout: ONNXLayout
  /// The layer that flattened the value first.
  var rowName: String?
  /// What the value is yet to be multiplied by: a sum over pixels is a mean times their number.
  var scale = 1.0
  /// Zeros around the image, which the next layer is to read.
  var padding: Padding?
  /// The operator that stands between this value and the document's: one that ends a classifier.
  var head: String?
  /// Sizes that the channels were split into, where they are two dimensions: as in a shuffle of
  /// groups, and whether the second comes first.
  var split: (first: Int, second: Int, isTurned: Bool)?
  /// What the value is, if it is a part of a softmax that is written out.
  var part: ONNXHeadPart?
}
