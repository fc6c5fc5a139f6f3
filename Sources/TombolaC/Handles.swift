import Convolution
import Files
import Foundation
import ModelFiles
import Outcomes
import Tickets

/// The version that the library states: the package's.
let libraryVersion = TombolaVersion.current

/// A network behind an opaque pointer, and what it was read from.
final class NetworkHandle: Sendable {
  /// The model, for what is pruned into; nil for a ticket's network.
  let model: ONNXModel?
  let network: Network<Float>
  /// What reports call it.
  let name: String
  /// SHA-256 of its file, in hexadecimal; nil for a ticket's network.
  let digest: String?
  let notes: [String]

  init(model: ONNXModel, name: String, digest: String) {
    (self.model, network, self.name, self.digest) = (model, model.network, name, digest)
    notes = model.notes
  }

  init(network: Network<Float>, name: String) {
    (model, self.network, self.name, digest) = (nil, network, name, nil)
    notes = []
  }

  /// The model, which targets have.
  func target() throws -> ONNXModel {
    guard let model else {
      throw OptionError(option: "target", expected: "a network read from a model", found: "a ticket's network")
    }
    return model
  }
}

/// A ticket behind an opaque pointer.
final class TicketHandle: Sendable {
  let file: TicketFile

  init(_ file: TicketFile) { self.file = file }
}

extension OpaquePointer {
  /// A pointer that keeps a handle until `release`.
  init(keeping handle: some AnyObject) { self.init(Unmanaged.passRetained(handle).toOpaque()) }

  /// The handle behind a pointer that C gave back.
  func handle<Handle: AnyObject>(_: Handle.Type) -> Handle {
    Unmanaged<Handle>.fromOpaque(UnsafeRawPointer(self)).takeUnretainedValue()
  }

  func release<Handle: AnyObject>(_: Handle.Type) {
    Unmanaged<Handle>.fromOpaque(UnsafeRawPointer(self)).release()
  }
}

/// The handle that an argument is to have.
func handle<Handle: AnyObject>(_ pointer: OpaquePointer?, _ type: Handle.Type, _ name: String) throws -> Handle {
  guard let pointer else { throw OptionError(option: name, expected: "a handle", found: "null") }
  return pointer.handle(type)
}

/// Bytes that C gave.
func bytes(_ pointer: UnsafeRawPointer?, _ count: Int64) throws -> Data {
  guard let count = Int(exactly: count), count >= 0, pointer != nil || count == 0 else {
    throw OptionError(option: "bytes", expected: "a pointer and a count ≥ 0", found: "\(count) bytes")
  }
  return pointer.map { Data(bytes: $0, count: count) } ?? Data()
}
