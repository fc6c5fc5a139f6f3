/// Zeros (or, for pooling, nothing) added around an image, in pixels.
public struct Padding: Sendable, Hashable, Codable {
  /// Rows above the image.
  public var top: Int
  /// Columns before the image.
  public var left: Int
  /// Rows below the image.
  public var bottom: Int
  /// Columns behind the image.
  public var right: Int

  /// Pixels on each side, none unless said.
  public init(top: Int = 0, left: Int = 0, bottom: Int = 0, right: Int = 0) {
    self.top = top
    self.left = left
    self.bottom = bottom
    self.right = right
  }

  /// The same on all four sides.
  public init(all pixels: Int) { self.init(top: pixels, left: pixels, bottom: pixels, right: pixels) }
}

/// How a window of a kernel's or a pool's size walks over an image.
public struct SlidingWindow: Sendable, Hashable, Codable {
  /// Rows of the window.
  public var height: Int
  /// Columns of the window.
  public var width: Int
  /// Rows that the window moves down by.
  public var strideHeight: Int
  /// Columns that the window moves on by.
  public var strideWidth: Int
  /// Rows from one of the window's to the next.
  public var dilationHeight: Int
  /// Columns from one of the window's to the next.
  public var dilationWidth: Int
  /// What is added around the image.
  public var padding: Padding
  /// Whether a last window may hang over the padded edge (it still has to start on the image or its
  /// leading padding). Only pooling uses it.
  public var roundsUp: Bool

  /// A window that moves by one and has no gaps or padding unless said.
  public init(
    height: Int, width: Int, strideHeight: Int = 1, strideWidth: Int = 1, dilationHeight: Int = 1,
    dilationWidth: Int = 1, padding: Padding = Padding(), roundsUp: Bool = false
  ) {
    self.height = height
    self.width = width
    self.strideHeight = strideHeight
    self.strideWidth = strideWidth
    self.dilationHeight = dilationHeight
    self.dilationWidth = dilationWidth
    self.padding = padding
    self.roundsUp = roundsUp
  }

  /// An odd square window with stride 1 and the zero padding that keeps the image's size.
  public static func same(_ size: Int) -> SlidingWindow {
    precondition(size % 2 == 1, "a same-padded window of this form is odd")
    return SlidingWindow(height: size, width: size, padding: Padding(all: size / 2))
  }

  /// Pixels a dilated window spans.
  var span: (height: Int, width: Int) { ((height - 1) * dilationHeight + 1, (width - 1) * dilationWidth + 1) }

  /// Rows and columns of window positions over an image.
  ///
  /// floor((size + padding − span) / stride) + 1, or the ceiling when `roundsUp`, less a last
  /// window that would start in the trailing padding.
  ///
  /// - Throws: `ConvolutionError` for sizes that are not positive or a window larger than the
  ///   padded image.
  public func outputSize(over shape: ImageShape, at name: String) throws(ConvolutionError) -> (height: Int, width: Int)
  {
    let sizes = [height, width, strideHeight, strideWidth, dilationHeight, dilationWidth]
    let pads = [padding.top, padding.left, padding.bottom, padding.right]
    let limit = 1 << 30
    guard sizes.allSatisfy({ $0 > 0 && $0 < limit }), pads.allSatisfy({ $0 >= 0 && $0 < limit }) else {
      throw .invalidSize(
        of: name, expected: "window, stride and dilation in 1..<2^30, padding in 0..<2^30",
        found: "\(sizes) and padding \(pads)")
    }
    let span = span
    let rows = Self.positions(
      shape.height, padding.top, padding.bottom, span.height, strideHeight, roundsUp)
    let columns = Self.positions(shape.width, padding.left, padding.right, span.width, strideWidth, roundsUp)
    guard rows > 0, columns > 0 else {
      throw .shapeMismatch(
        at: name, expected: "a padded image of at least \(span.height) × \(span.width)",
        found: "\(shape.height + padding.top + padding.bottom) × \(shape.width + padding.left + padding.right)")
    }
    return (rows, columns)
  }

  private static func positions(
    _ size: Int, _ leading: Int, _ trailing: Int, _ span: Int, _ stride: Int, _ roundsUp: Bool
  ) -> Int {
    let room = size + leading + trailing - span
    if room < 0 { return 0 }
    var positions = room / stride + 1
    if roundsUp && room % stride != 0 && positions * stride < size + leading { positions += 1 }
    return positions
  }
}

extension SlidingWindow {
  /// Everything that decides where the window reads, by name, in an order that never changes: a
  /// target's digest reads it.
  package var properties: [(name: String, value: String)] {
    [
      ("window height", height), ("window width", width), ("stride height", strideHeight),
      ("stride width", strideWidth), ("dilation height", dilationHeight),
      ("dilation width", dilationWidth), ("padding top", padding.top), ("padding left", padding.left),
      ("padding bottom", padding.bottom), ("padding right", padding.right),
      ("rounds up", roundsUp ? 1 : 0),
    ].map { ($0.0, String($0.1)) }
  }
}
