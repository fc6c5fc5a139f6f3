import Files
import Foundation

/// Values of tensors that a model keeps in files beside it, as PyTorch saves models since version
/// 2.9.
///
/// A name in a model decides which file is read, so it may only name one in the model's folder or
/// below: no absolute path, no step upwards, no link that leads out of it. All tensors together may
/// name each byte four times, so that a small file cannot fill the memory. Nor can a large one,
/// which may be a hole: a tensor reads no more than its shape can take, all together no more than a
/// model may hold.
struct ONNXExternalData {
  /// The model's folder; nil where a model has none, and external data is refused.
  let folder: String?
  let source: String
  private var files: [String: ByteSource] = [:]
  private var read = 0
  /// Bytes of all tensors together: 2 GiB, as a model in one file may have.
  private static let greatestByteCount = 1 << 31

  init(folder: String?, source: String) {
    self.folder = folder
    self.source = source
  }

  /// The folder that a model's file is in.
  static func folder(of path: String) -> String {
    let folder = (path as NSString).deletingLastPathComponent
    return folder.isEmpty ? "." : folder
  }

  /// The tensor with its values inside, wherever they were.
  mutating func filled(_ tensor: Tombola_Onnx_TensorProto) throws(FileError) -> Tombola_Onnx_TensorProto {
    guard tensor.dataLocation == .external, let folder, !tensor.externalData.isEmpty else { return tensor }
    var entries: [String: String] = [:]
    for entry in tensor.externalData { entries[entry.key] = entry.value }
    let location = entries["location"] ?? ""
    let file = try self.file(location, in: folder, for: tensor.name)
    func number(_ key: String, _ standard: Int) throws(FileError) -> Int {
      guard let text = entries[key] else { return standard }
      guard let number = Int(text), number >= 0 else {
        throw refused(tensor.name, "a size as \(key)", FileError.quoted(text))
      }
      return number
    }
    let start = try number("offset", 0)
    guard start <= file.count else {
      throw refused(tensor.name, "an offset within \(file.count) bytes of \(FileError.quoted(location))", "\(start)")
    }
    let length = try number("length", file.count - start)
    guard length <= file.count - start else {
      throw refused(
        tensor.name, "\(length) bytes at \(start) of \(FileError.quoted(location))", "\(file.count - start)")
    }
    let elements = CheckedSizes.elementCount(tensor.dims.map { Int(clamping: max(0, $0)) }) ?? 0
    let room = 16 * min(elements, Self.greatestByteCount / 16)
    guard length <= room else {
      throw refused(tensor.name, "at most \(room) bytes for its shape", "\(length)")
    }
    read += length
    guard read <= Self.greatestByteCount else {
      throw refused(tensor.name, "at most \(Self.greatestByteCount) bytes of all tensors", "\(read)")
    }
    guard read <= 4 * files.values.reduce(0, { $0 + $1.count }) else {
      throw refused(tensor.name, "tensors that share few bytes", "\(read) bytes of all tensors up to here")
    }
    var filled = tensor
    filled.rawData = try file.bytes(start..<start + length)
    filled.dataLocation = .default
    filled.externalData = []
    return filled
  }

  private mutating func file(_ location: String, in folder: String, for name: String) throws(FileError) -> ByteSource {
    if let file = files[location] { return file }
    let parts = location.split(separator: "/", omittingEmptySubsequences: false)
    guard !location.isEmpty, !location.contains("\0"), parts.allSatisfy({ !$0.isEmpty && $0 != ".." }) else {
      throw refused(name, "external data in a file beside the model", FileError.quoted(location))
    }
    let root = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path
    let path = URL(fileURLWithPath: folder + "/" + location).resolvingSymlinksInPath().path
    guard path.hasPrefix(root.hasSuffix("/") ? root : root + "/") else {
      throw refused(name, "external data inside the model's folder", "a link that leads out of it")
    }
    let file = try ByteSource(path: path)
    files[location] = file
    return file
  }

  private func refused(_ name: String, _ expected: String, _ found: String) -> FileError {
    FileError(.unsupported, source: source, at: [.tensor(name)], expected: expected, found: found)
  }
}
