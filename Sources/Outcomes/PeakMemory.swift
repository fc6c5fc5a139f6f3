import Foundation

/// The largest resident set of this process so far, in bytes.
package func peakMemoryBytes() -> Int {
  var usage = rusage()
  getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
  return Int(usage.ru_maxrss) * 1024
}
