import Files

extension SafetensorsFile {
  /// SHA-256 over the metadata but the digest itself, sorted by key, and over the tensors, sorted
  /// by name, in hexadecimal: what tickets and checkpoints state under the key `digest`.
  func contentDigest() -> String {
    var digest = SHA256Digest()
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) where key != "digest" {
      digest.update(field: key)
      digest.update(field: value)
    }
    for tensor in tensors.sorted(by: { $0.name < $1.name }) {
      digest.update(field: tensor.name)
      digest.update(field: "\(tensor.dtype) \(tensor.shape)")
      tensor.bytes.withUnsafeBytes { digest.update($0) }
    }
    return digest.hexadecimal()
  }
}

extension SHA256Digest {
  /// Appends a text behind its length, so that no two lists of texts give the same bytes.
  fileprivate mutating func update(field text: String) { update("\(text.utf8.count):\(text)\n") }
}
