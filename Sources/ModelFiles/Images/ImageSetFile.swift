import Convolution
import Files
import Foundation

/// Reads labelled images: Fashion-MNIST's IDX files or an npz with `x` and `y`.
public enum ImageSetFile {
  /// Which images of a set that has both.
  public enum Part: Sendable {
    /// The test images, all of them.
    case test
    /// Of IDX files the first 400 training images, of an archive all; labels are not read, nor the
    /// images behind those.
    case calibration

    /// The most images that are read of IDX files.
    fileprivate var most: Int { self == .test ? .max : 400 }
  }

  /// Where Debian's package dataset-fashion-mnist puts its files.
  static let fashionFolder = "/usr/share/datasets/fashion-mnist"

  /// Loads `fashion-mnist`, a folder of its IDX files (gzipped or not), or an npz file.
  ///
  /// - Parameters:
  ///   - name: `fashion-mnist`, or a path.
  ///   - part: which images of a set that has both.
  ///   - scale: pixels become a·x + b; by default IDX bytes are mapped to [−1, 1] (x/127.5 − 1),
  ///     and npz arrays are taken as they are: `x` (N, C, H, W), (N, C, W) or (N, K) in float32,
  ///     float64 or uint8, and `y` (N) integers.
  /// - Throws: `FileError`, or `ConvolutionError` for sizes that do not fit together.
  public static func load(_ name: String, part: Part, scale: (Double, Double)? = nil) throws -> ImageSet {
    if name == "fashion-mnist" {
      guard isFolder(fashionFolder) else {
        throw FileError(
          .notFound, source: fashionFolder,
          expected: "the files of Debian's package dataset-fashion-mnist (apt install dataset-fashion-mnist)",
          found: "no such folder")
      }
      return try folder(fashionFolder, name: name, part, scale)
    }
    return isFolder(name) ? try folder(name, name: name, part, scale) : try archive(name, part, scale)
  }

  /// The files that ``load(_:part:scale:)`` may read for a name, whether they are there or not.
  public static func files(of name: String) -> [String] {
    let folder = name == "fashion-mnist" ? fashionFolder : name
    guard isFolder(folder) else { return [name] }
    let stems = ["t10k", "train"].flatMap { [$0 + "-images-idx3-ubyte", $0 + "-labels-idx1-ubyte"] }
    return stems.flatMap { ["\(folder)/\($0)", "\(folder)/\($0).gz"] }
  }

  private static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  private static func folder(
    _ path: String, name: String, _ part: Part, _ scale: (Double, Double)?
  ) throws -> ImageSet {
    let stem = part == .test ? "t10k" : "train"
    let images = try IDXFile(path: try existing(path, stem + "-images-idx3-ubyte"), first: part.most)
    guard images.dimensions.count == 3, images.dimensions.allSatisfy({ $0 > 0 }) else {
      throw FileError(
        .unsupported, source: images.source, expected: "three dimensions above 0: images, rows, columns",
        found: CheckedSizes.text(images.dimensions))
    }
    guard images.elementType == .uint8 else {
      throw FileError(
        .wrongType, source: images.source, expected: "elements of type uint8", found: "\(images.elementType)")
    }
    let count = images.dimensions[0]
    let shape = ImageShape(height: images.dimensions[1], width: images.dimensions[2], channels: 1)
    let (a, b) = scale ?? (1 / 127.5, -1)
    let pixels = images.bytes.map { Float(a * Double($0) + b) }
    let tensor = try Tensor(batch: count, shape: shape, values: pixels)
    guard part == .test else { return try ImageSet(name: name, images: tensor, labels: nil) }
    let labels = try IDXFile(path: try existing(path, stem + "-labels-idx1-ubyte"))
    guard labels.dimensions == [count] else {
      throw FileError(
        .malformed, source: labels.source, expected: "\(count) labels, one an image", found: "\(labels.dimensions)")
    }
    return try ImageSet(name: name, images: tensor, labels: try labels.uint8s().map { Int($0) })
  }

  private static func existing(_ folder: String, _ file: String) throws -> String {
    let path = folder + "/" + file
    for candidate in [path + ".gz", path] where FileManager.default.fileExists(atPath: candidate) {
      return candidate
    }
    throw FileError(.notFound, source: folder, expected: "\(file).gz or \(file)", found: "neither")
  }

  /// Images of an archive, unpacked one at a time into the order that networks read.
  private static func archive(_ path: String, _ part: Part, _ scale: (Double, Double)?) throws -> ImageSet {
    let archive = try NumPyArchiveFile(path: path)
    let x = try archive.entry("x")
    guard (2...4).contains(x.shape.count), x.shape.allSatisfy({ $0 > 0 }) else {
      throw FileError(
        .unsupported, source: path, at: [.entry("x")],
        expected: "shape (N, C, H, W), (N, C, W) or (N, K), all above 0", found: CheckedSizes.text(x.shape))
    }
    let count = x.shape[0]
    let pixels = x.shape.dropFirst(2)
    let shape = ImageShape(
      height: pixels.count == 2 ? x.shape[2] : 1, width: pixels.last ?? 1, channels: x.shape[1])
    let hasLabels = part == .test && archive.names.contains("y")
    if hasLabels {
      let found = try archive.entry("y").shape
      guard found == [count] else {
        throw FileError(
          .malformed, source: path, at: [.entry("y")], expected: "\(count) labels, one an image",
          found: CheckedSizes.text(found))
      }
    }
    try archive.requirePlausible("x")
    // The header has been checked against the bytes that there are, so these products fit.
    var values = [Float](repeating: 0, count: count * shape.count)
    let (a, b) = scale ?? (1, 0)
    var start = 0
    let together = max(1, (1 << 18) / shape.count) * shape.count
    try archive.forEachRun(of: together, in: "x") { (run) throws(FileError) in
      for image in stride(from: 0, to: run.count, by: shape.count) {
        for c in 0..<shape.channels {
          for pixel in 0..<shape.pixels {
            let value = run[image + c * shape.pixels + pixel]
            values[start + image + pixel * shape.channels + c] = scale == nil ? value : Float(a * Double(value) + b)
          }
        }
      }
      start += run.count
    }
    let images = try Tensor(batch: count, shape: shape, values: values)
    guard hasLabels else { return try ImageSet(name: path, images: images, labels: nil) }
    let y = try archive.array("y")
    do { return try ImageSet(name: path, images: images, labels: try y.integers()) } catch let error as FileError {
      throw error.within(.entry("y"))
    }
  }
}
