import Files
import Foundation

/// What a plot is written as.
public enum PlotFormat: String, Sendable, Hashable, CaseIterable {
  case svg, png

  /// By the ending of the file's name, in either case.
  ///
  /// - Throws: `FileError` of kind `unsupported` for any other ending.
  public init(path: String) throws(FileError) {
    let ending = (path as NSString).pathExtension
    guard let format = PlotFormat(rawValue: ending.lowercased()) else {
      throw FileError(
        .unsupported, source: path, expected: "a name that ends in .svg or .png",
        found: ending.isEmpty ? "no ending" : "'.\(ending)'")
    }
    self = format
  }
}
