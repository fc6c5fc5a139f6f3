import RunControl

/// The closest subsets met, at most `limit` of those within `tolerance`.
///
/// They are ordered by error, then fewer elements, then lexicographically, in a heap with the last
/// of them on top. Memory: 16 bytes a subset. Cost: log(limit) for each one taken.
struct SubsetCollector {
  struct Entry {
    let mask: UInt64
    let error: Double

    @inline(__always) func precedes(_ other: Entry) -> Bool {
      error != other.error ? error < other.error : SmallInstance.precedes(mask, other.mask)
    }
  }

  let tolerance: Double
  let limit: Int
  /// Whether a subset within the tolerance had to be dropped.
  private(set) var isTruncated = false
  private var heap: [Entry] = []

  /// - Precondition: `limit` ≥ 1.
  init(tolerance: Double, limit: Int) {
    self.tolerance = tolerance
    self.limit = limit
  }

  /// The error above which nothing is taken. Once a subset has been dropped, only those as close as
  /// the last one kept matter.
  var bound: Double { isTruncated ? heap[0].error : tolerance }

  mutating func take(_ mask: UInt64, error: Double) {
    guard error <= tolerance else { return }
    let entry = Entry(mask: mask, error: error)
    if heap.count < limit {
      heap.append(entry)
      rise()
    } else {
      isTruncated = true
      if entry.precedes(heap[0]) {
        heap[0] = entry
        sink()
      }
    }
  }

  /// The subsets in order.
  func sorted() -> [Entry] { heap.sorted { $0.precedes($1) } }

  private mutating func rise() {
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      if !heap[parent].precedes(heap[child]) { return }
      heap.swapAt(parent, child)
      child = parent
    }
  }

  private mutating func sink() {
    var parent = 0
    while 2 * parent + 1 < heap.count {
      var child = 2 * parent + 1
      if child + 1 < heap.count, heap[child].precedes(heap[child + 1]) { child += 1 }
      if !heap[parent].precedes(heap[child]) { return }
      heap.swapAt(parent, child)
      parent = child
    }
  }
}

/// All subsets within a tolerance, or the closest of them.
public struct SubsetListing: Sendable {
  /// The subsets by error, then fewer elements, then lexicographically.
  public let solutions: [Solution]
  /// Whether no subset within the tolerance is missing: none was dropped for the limit on their
  /// number, and no limit ended the search.
  public let isComplete: Bool
  /// What ended the search early, or nil. The solutions are then the closest of those looked at.
  public let stop: StopReason?
  /// Sums and pairs looked at, in coordinates, the unit of the work limit.
  public let work: UInt64
}
