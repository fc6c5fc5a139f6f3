import Convolution
import ModelFiles
import RunControl
import Tickets
import Verification

/// What `tombola compare --json` prints, for callers that have ticket and target in memory.
///
/// - Parameters:
///   - file: the ticket.
///   - model: the trained network that it was drawn for.
///   - images: those to measure on, in the order of their array, or nil.
///   - seconds: those since the run began, asked for when all is measured.
/// - Throws: `FileError` for an edited ticket; as `Comparison.rows`.
package func comparisonText(
  _ file: TicketFile, _ model: ONNXModel, images: ImageSet?, memoryBytes: Int?, workers: Int,
  convolution: ConvolutionWay, control: RunControl, seconds: () -> Double
) throws -> String {
  try file.requireIntact()
  let images = try images.map { try model.arranged($0) }
  let memory = memoryBytes ?? Comparison.defaultMemoryBytes
  let comparison = try Comparison(
    ticket: file.ticket, target: Target(model.network), memoryBytes: memory, workers: workers,
    convolution: convolution)
  let rows = try comparison.rows(on: images, control: control)
  return try JSONReport.text(
    of: ComparisonReport(
      rows: rows, ticket: file.ticket, fileBitsPerWeight: file.byteCount.map { file.bitsPerWeight(ofBytes: $0) },
      images: images?.labels == nil ? nil : images?.images.batch, memoryLimit: memory, convolution: convolution,
      seconds: seconds()))
}
