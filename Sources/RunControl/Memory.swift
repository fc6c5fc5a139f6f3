#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Sizes in bytes that stay at `Int.max` where they would overflow, so that what is too large for
/// an integer is too large for any limit.
public enum ByteCount {
  /// The product of sizes that are not negative.
  public static func product(_ sizes: Int...) -> Int {
    if sizes.contains(0) { return 0 }
    return sizes.reduce(1) { product, size in
      let (value, overflow) = product.multipliedReportingOverflow(by: size)
      return overflow ? .max : value
    }
  }

  /// The sum of sizes that are not negative.
  public static func sum(_ sizes: Int...) -> Int {
    sizes.reduce(0) { sum, size in
      let (value, overflow) = sum.addingReportingOverflow(size)
      return overflow ? .max : value
    }
  }
}

/// The memory that a process can have at all.
public enum MachineMemory {
  /// Bytes: the least of the machine's memory, the limits of the control groups that the process
  /// runs in, and its own limit
  /// of address space (`ulimit -v`). Read once.
  public static let bytes = min(physical, controlGroupLimit, addressSpaceLimit)

  private static var physical: Int {
    let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
    return pages > 0 && size > 0 ? ByteCount.product(pages, size) : .max
  }

  private static var addressSpaceLimit: Int {
    var limit = rlimit()
    #if canImport(Glibc)
      let found = getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
    #else
      let found = getrlimit(RLIMIT_AS, &limit)
    #endif
    return found == 0 ? Int(clamping: limit.rlim_cur) : .max
  }

  /// The least limit of the group that `/proc/self/cgroup` names and of those above it; `Int.max`
  /// where there is none.
  private static var controlGroupLimit: Int {
    var least = Int.max
    for line in lines(of: "/proc/self/cgroup") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let isUnified = fields[0] == "0" && fields[1].isEmpty
      guard isUnified || fields[1].split(separator: ",").contains("memory") else { continue }
      let (root, file) =
        isUnified
        ? ("/sys/fs/cgroup", "memory.max") : ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
      var parts = fields[2].split(separator: "/")
      while true {
        let folder = parts.isEmpty ? root : root + "/" + parts.joined(separator: "/")
        if let limit = lines(of: folder + "/" + file).first.flatMap({ Int($0) }) {
          least = min(least, limit)
        }
        if parts.isEmpty { break }
        parts.removeLast()
      }
    }
    return least
  }

  /// The lines of a small file; none where it cannot be read.
  private static func lines(of path: String) -> [Substring] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n")
  }
}

extension Limits {
  /// Bytes of working memory allowed at once: the limit, and never more than the machine has.
  public var allowedBytes: Int { min(memoryBytes ?? .max, MachineMemory.bytes) }

  /// As `allowedBytes`, with a callee's own limit where the run has none.
  public func allowedBytes(default limit: Int) -> Int {
    min(memoryBytes ?? limit, MachineMemory.bytes)
  }
}
