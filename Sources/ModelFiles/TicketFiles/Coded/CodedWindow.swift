import Convolution

/// A window in a few characters: `3x3/2x2+1,1,1,1` is height and width, strides, and padding on
/// top, left, bottom and right; dilations stand behind `*`, and `^` says that it rounds up. What is
/// standard (strides and dilations of 1, no padding) is left out.
extension SlidingWindow {
  /// The window's text.
  package var codedText: String {
    var text = "\(height)x\(width)"
    if (strideHeight, strideWidth) != (1, 1) { text += "/\(strideHeight)x\(strideWidth)" }
    if (dilationHeight, dilationWidth) != (1, 1) { text += "*\(dilationHeight)x\(dilationWidth)" }
    if padding != Padding() { text += "+\(padding.top),\(padding.left),\(padding.bottom),\(padding.right)" }
    return text + (roundsUp ? "^" : "")
  }

  /// The window of a text; nil for a text of none.
  package init?(codedText text: some StringProtocol) {
    var rest = text[...]
    let roundsUp = rest.last == "^"
    if roundsUp { rest.removeLast() }
    func part(behind mark: Character) -> Substring? {
      guard let place = rest.lastIndex(of: mark) else { return nil }
      defer { rest = rest[..<place] }
      return Substring(rest[rest.index(after: place)...])
    }
    func numbers(_ text: some StringProtocol, _ separator: Character, _ count: Int) -> [Int]? {
      let numbers = text.split(separator: separator, omittingEmptySubsequences: false).map { Int($0) }
      guard numbers.count == count else { return nil }
      let found = numbers.compactMap { $0 }
      return found.count == count ? found : nil
    }
    let sides = part(behind: "+").map { numbers($0, ",", 4) } ?? [0, 0, 0, 0]
    let dilations = part(behind: "*").map { numbers($0, "x", 2) } ?? [1, 1]
    let strides = part(behind: "/").map { numbers($0, "x", 2) } ?? [1, 1]
    guard let sides, let dilations, let strides, let size = numbers(rest, "x", 2) else { return nil }
    self.init(
      height: size[0], width: size[1], strideHeight: strides[0], strideWidth: strides[1],
      dilationHeight: dilations[0], dilationWidth: dilations[1],
      padding: Padding(top: sides[0], left: sides[1], bottom: sides[2], right: sides[3]), roundsUp: roundsUp)
  }
}
