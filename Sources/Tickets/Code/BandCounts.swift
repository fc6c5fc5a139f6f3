/// How many filters of each band of |u| stay, block after block, in few bits where from a block's
/// first band to its last nearly each keeps as many.
///
/// A bit says whether any filter stays, one a band where the first band is, then one for each
/// filter of a band and one that no more stay, and behind each band that keeps some one whether it
/// is the last. Each bit's chances are how often it was met in the same situation: where the first
/// and the last band are goes by where they were in the layer's blocks before, how many stay by how
/// many of the band before.
struct BandCounts {
  /// Twice the zeros and twice the ones of each situation, and one each.
  private var cells = [(zeros: UInt64, ones: UInt64)](repeating: (1, 1), count: cellCount)
  /// Of the layer's blocks that keep filters so far: the sums of their first and last bands.
  private var layer = 0
  private var (blocks, firsts, lasts) = (0, 0, 0)
  /// Whether the layer's block before keeps filters; nil before a layer's first.
  private var isBeforeKept: Bool?

  /// Where cells of a kind begin: whether filters stay, 3 of them; the first and the last band, 6
  /// each; filters of a band, 3 · 4.
  private static let (first, last, filter, cellCount) = (3, 9, 15, 27)
  /// Bands by which where a block begins and ends differs from the mean of those before it, beyond
  /// which all are alike.
  private static let reach = 2

  /// Codes a block's numbers.
  ///
  /// - Parameters:
  ///   - layer: of the block, 1…ℓ; blocks come layer by layer.
  ///   - counts: filters that stay, by band, as an encoder writes them.
  ///   - sizes: filters that there are.
  /// - Returns: filters that stay, by band.
  mutating func block(
    layer: Int, keeping counts: [Int], of sizes: [Int], with coder: inout some BitCoder
  ) -> [Int] {
    if layer != self.layer { (self.layer, blocks, firsts, lasts, isBeforeKept) = (layer, 0, 0, 0, nil) }
    let wanted = (
      first: counts.firstIndex { $0 > 0 } ?? sizes.count, last: counts.lastIndex { $0 > 0 } ?? sizes.count
    )
    var found = [Int](repeating: 0, count: sizes.count)
    let isKept = bit(wanted.first < sizes.count, isBeforeKept.map { $0 ? 2 : 1 } ?? 0, with: &coder)
    isBeforeKept = isKept
    if !isKept { return found }
    var (begin, end): (Int?, Int) = (nil, 0)
    var before = 1
    let (meanFirst, meanLast) = (mean(firsts), mean(lasts))
    for band in sizes.indices where sizes[band] > 0 {
      if begin == nil {
        if !bit(band == wanted.first, Self.first + place(band, meanFirst), with: &coder) { continue }
        begin = band
        found[band] = 1
      }
      while found[band] < sizes[band] {
        let cell = Self.filter + 4 * min(before, 2) + min(found[band], 3)
        if !bit(counts[band] > found[band], cell, with: &coder) { break }
        found[band] += 1
      }
      before = found[band]
      if before == 0 { continue }
      end = band
      if bit(band == wanted.last, Self.last + place(band, meanLast), with: &coder) { break }
    }
    blocks += 1
    firsts += begin ?? 0
    lasts += end
    return found
  }

  /// The mean of the layer's blocks so far, rounded; nil before the first.
  private func mean(_ sum: Int) -> Int? { blocks == 0 ? nil : (2 * sum + blocks) / (2 * blocks) }

  /// Where a band lies beside a mean: 0 where there is none.
  private func place(_ band: Int, _ mean: Int?) -> Int {
    mean.map { 1 + Self.reach + max(-Self.reach, min(Self.reach, band - $0)) } ?? 0
  }

  private mutating func bit(_ value: Bool, _ cell: Int, with coder: inout some BitCoder) -> Bool {
    let (zeros, ones) = cells[cell]
    let found = coder.code(value, ones: ones, of: zeros + ones)
    if found { cells[cell].ones += 2 } else { cells[cell].zeros += 2 }
    return found
  }
}
