import Foundation

/// A value of a table.
enum TableField {
  case integer(Int?)
  case number(Double?)
  case text(String)
  /// 0 or 1; in JSON false or true.
  case flag(Bool)

  var csv: String {
    switch self {
    case .integer(let value): value.map { "\($0)" } ?? ""
    case .number(let value): value.map { "\($0)" } ?? ""
    case .flag(let value): value ? "1" : "0"
    case .text(let value):
      value.contains { ",\"\r\n".contains($0) } ? "\"\(value.replacing("\"", with: "\"\""))\"" : value
    }
  }

  var json: String {
    switch self {
    case .integer(let value): value.map { "\($0)" } ?? "null"
    case .flag(let value): "\(value)"
    // JSON knows no infinities and no NaN: they are written as null.
    case .number(let value): value.flatMap { $0.isFinite ? "\($0)" : nil } ?? "null"
    case .text(let value):
      String(decoding: (try? JSONEncoder().encode(value)) ?? Data("null".utf8), as: UTF8.self)
    }
  }

  /// A row; in JSON an object.
  static func line(_ fields: [TableField], names: [String], _ format: SweepTable.Format) -> String {
    let members = members(fields, names: names, format)
    return format == .csv ? members : "{\(members)}"
  }

  /// Part of a row.
  static func members(_ fields: [TableField], names: [String], _ format: SweepTable.Format) -> String {
    switch format {
    case .csv: fields.map(\.csv).joined(separator: ",")
    case .jsonLines: zip(names, fields).map { "\"\($0)\":\($1.json)" }.joined(separator: ",")
    }
  }
}
