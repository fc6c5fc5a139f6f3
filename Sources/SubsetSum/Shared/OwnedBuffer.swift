/// Memory that is released with its owner, also where the owner's own initialiser is interrupted.
final class OwnedBuffer<Element> {
  let base: UnsafeMutablePointer<Element>
  let count: Int

  /// - Precondition: entries of a trivial type, and `count` ≥ 0.
  init(count: Int) {
    self.count = count
    base = .allocate(capacity: max(1, count))
  }

  deinit { base.deallocate() }
}
