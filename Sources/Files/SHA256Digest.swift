import CLibcrypto

/// The SHA-256 digest of bytes that come in pieces, by OpenSSL's libcrypto.
public struct SHA256Digest: ~Copyable {
  private let context: OpaquePointer

  /// A digest of no bytes yet.
  ///
  /// - Precondition: libcrypto provides SHA-256, as every build of it does.
  public init() {
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      preconditionFailure("libcrypto does not provide SHA-256")
    }
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  /// Appends bytes.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
    precondition(EVP_DigestUpdate(context, start, bytes.count) == 1, "libcrypto failed to update a digest")
  }

  /// Appends the UTF-8 bytes of a text.
  public mutating func update(_ text: String) { Array(text.utf8).withUnsafeBytes { update($0) } }

  /// Appends numbers, little-endian, whatever the machine.
  public mutating func update(_ values: [Float]) {
    values.map { $0.bitPattern.littleEndian }.withUnsafeBytes { update($0) }
  }

  /// Appends numbers, little-endian, whatever the machine.
  public mutating func update(_ values: [UInt32]) { values.map(\.littleEndian).withUnsafeBytes { update($0) } }

  /// Ends the digest: 64 lowercase hexadecimal digits.
  public consuming func hexadecimal() -> String {
    var bytes = [UInt8](repeating: 0, count: 32)
    var length: UInt32 = 0
    let status = EVP_DigestFinal_ex(context, &bytes, &length)
    precondition(status == 1 && length == 32, "libcrypto failed to finish a digest")
    return bytes.map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }
}
