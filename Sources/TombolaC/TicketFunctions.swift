import CTombola
import Convolution
import Files
import Foundation
import ModelFiles
import Outcomes
import Tickets

/// Reads a ticket's file; tombola.h says how.
@_cdecl("tombola_ticket_read") public func tombolaTicketRead(
  _ path: UnsafePointer<CChar>?, _ ticket: UnsafeMutablePointer<OpaquePointer?>?
) -> Int32 {
  status {
    let place = try required(ticket, "ticket")
    let file = try TicketFile(contentsOf: String(cString: try required(path, "path")))
    place.pointee = OpaquePointer(keeping: TicketHandle(file))
    return .done
  }
}

/// Reads a ticket's bytes; tombola.h says how.
@_cdecl("tombola_ticket_parse") public func tombolaTicketParse(
  _ bytes: UnsafeRawPointer?, _ count: Int64, _ name: UnsafePointer<CChar>?,
  _ ticket: UnsafeMutablePointer<OpaquePointer?>?
) -> Int32 {
  status {
    let place = try required(ticket, "ticket")
    let source = ByteSource(try TombolaC.bytes(bytes, count), name: text(name) ?? "(in memory)")
    place.pointee = OpaquePointer(keeping: TicketHandle(try TicketFile(reading: source)))
    return .done
  }
}

/// Writes a ticket's file; tombola.h says how.
@_cdecl("tombola_ticket_write") public func tombolaTicketWrite(
  _ ticket: OpaquePointer?, _ path: UnsafePointer<CChar>?, _ force: Int32
) -> Int32 {
  status {
    let file = try handle(ticket, TicketHandle.self, "ticket").file
    try file.write(to: String(cString: try required(path, "path")), force: force != 0)
    return .done
  }
}

/// A ticket's bytes; tombola.h says how.
@_cdecl("tombola_ticket_bytes") public func tombolaTicketBytes(
  _ ticket: OpaquePointer?, _ coded: Int32, _ withClaims: Int32,
  _ bytes: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ count: UnsafeMutablePointer<Int64>?
) -> Int32 {
  status {
    let (place, length) = (try required(bytes, "bytes"), try required(count, "count"))
    let whole = try handle(ticket, TicketHandle.self, "ticket").file
    let file = withClaims == 0 ? try whole.withoutClaims() : whole
    let data = try coded == 0 ? file.serialized() : file.packed()
    guard let memory = malloc(max(1, data.count)) else {
      throw OptionError(option: "ticket", expected: "memory for \(data.count) bytes", found: "none")
    }
    data.copyBytes(to: memory.assumingMemoryBound(to: UInt8.self), count: data.count)
    (place.pointee, length.pointee) = (memory, Int64(data.count))
    return .done
  }
}

/// Says what a ticket is; tombola.h says how.
@_cdecl("tombola_ticket_report") public func tombolaTicketReport(
  _ ticket: OpaquePointer?, _ report: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  status {
    let report = try required(report, "report")
    let file = try handle(ticket, TicketHandle.self, "ticket").file
    report.pointee = copied(try JSONReport.text(of: TicketReport(file)))
    return .done
  }
}

/// The kept filters of a block; tombola.h says how.
@_cdecl("tombola_ticket_kept") public func tombolaTicketKept(
  _ ticket: OpaquePointer?, _ index: Int64, _ filters: UnsafeMutablePointer<UInt32>?
) -> Int32 {
  status {
    let blocks = try handle(ticket, TicketHandle.self, "ticket").file.ticket.blocks
    guard let index = Int(exactly: index), blocks.indices.contains(index) else {
      throw OptionError(option: "block", expected: "0 to \(blocks.count - 1)", found: "\(index)")
    }
    let kept = blocks[index].kept
    try required(filters, "filters").update(from: kept, count: kept.count)
    return .done
  }
}

extension TicketFile {
  /// The pruned network, or the collapsed one.
  fileprivate func network(collapsed: Bool) throws -> Network<Float> {
    try requireIntact()
    return try collapsed ? Collapse(of: ticket).network() : ticket.prunedNetwork()
  }
}

/// The network of a ticket; tombola.h says how.
@_cdecl("tombola_ticket_network") public func tombolaTicketNetwork(
  _ ticket: OpaquePointer?, _ collapsed: Int32, _ network: UnsafeMutablePointer<OpaquePointer?>?
) -> Int32 {
  status {
    let place = try required(network, "network")
    let file = try handle(ticket, TicketHandle.self, "ticket").file
    let pruned = try file.network(collapsed: collapsed != 0)
    place.pointee = OpaquePointer(keeping: NetworkHandle(network: pruned, name: "ticket"))
    return .done
  }
}

/// Writes the network of a ticket; tombola.h says how.
@_cdecl("tombola_ticket_export") public func tombolaTicketExport(
  _ ticket: OpaquePointer?, _ collapsed: Int32, _ path: UnsafePointer<CChar>?, _ force: Int32
) -> Int32 {
  status {
    let path = String(cString: try required(path, "path"))
    guard let format = NetworkExport.Format(path: path) else {
      throw OptionError(
        option: "path",
        expected: NetworkExport.Format.allCases.map { "a name ending in .\($0.rawValue)" }.joined(separator: " or "),
        found: "'\(path)'")
    }
    try AtomicFile.check(path, force: force != 0)
    let file = try handle(ticket, TicketHandle.self, "ticket").file
    _ = try NetworkExport.write(try file.network(collapsed: collapsed != 0), as: format, to: path, force: force != 0)
    return .done
  }
}

/// Frees a ticket.
@_cdecl("tombola_ticket_free") public func tombolaTicketFree(_ ticket: OpaquePointer?) {
  ticket?.release(TicketHandle.self)
}

/// What a ticket's file says; the JSON keys are a contract.
private struct TicketReport: Encodable {
  let file: TicketFile

  init(_ file: TicketFile) { self.file = file }

  private struct BlockRow: Encodable {
    let layer: Int
    let channel: Int
    let half: String
    let candidates: Int
    let kept: Int
  }

  // The keys are the contract's own spelling.
  // swift-format-ignore: AlwaysUseLowerCamelCase
  private enum Key: String, CodingKey {
    case seed, width, mode, input_range, scales, layers, blocks, complete, intact, generator, search, claims
    case target_digest, target_file_digest, calibration_digest, bits_per_weight, kept_filters, target_weights
  }

  func encode(to encoder: any Encoder) throws {
    var json = encoder.container(keyedBy: Key.self)
    let ticket = file.ticket
    try json.encode(String(ticket.seed), forKey: .seed)
    try json.encode(ticket.width, forKey: .width)
    try json.encode(ticket.mode.rawValue, forKey: .mode)
    try json.encode([ticket.inputRange.low, ticket.inputRange.high], forKey: .input_range)
    try json.encode(ticket.scales, forKey: .scales)
    try json.encode(DescribedLayer.list(of: ticket.graph), forKey: .layers)
    let rows = ticket.blocks.map { block in
      BlockRow(
        layer: block.address.layer, channel: block.address.channel, half: block.address.half.rawValue,
        candidates: block.candidates, kept: block.kept.count)
    }
    try json.encode(rows, forKey: .blocks)
    try json.encode(ticket.isComplete, forKey: .complete)
    try json.encode(file.isIntact, forKey: .intact)
    try json.encode(file.generator, forKey: .generator)
    try json.encode(file.search, forKey: .search)
    try json.encode(file.claims, forKey: .claims)
    try json.encode(ticket.targetDigest, forKey: .target_digest)
    try json.encode(file.targetFileDigest, forKey: .target_file_digest)
    try json.encode(ticket.calibrationDigest, forKey: .calibration_digest)
    try json.encode(ticket.bits / Double(ticket.graph.weightCount), forKey: .bits_per_weight)
    try json.encode(ticket.keptFilters, forKey: .kept_filters)
    try json.encode(ticket.graph.weightCount, forKey: .target_weights)
  }
}
