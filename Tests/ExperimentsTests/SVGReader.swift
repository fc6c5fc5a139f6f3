import Foundation
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// What an SVG of gnuplot's holds: its texts, and the points of each plotted series, the legend's
/// sample among them.
final class SVGReader: NSObject, XMLParserDelegate {
  private(set) var texts: [String] = []
  private(set) var points: [String: Int] = [:]
  private var open: [String] = []
  private var plot: (name: String, depth: Int)?
  private var text = ""

  init(_ data: Data) throws {
    super.init()
    let parser = XMLParser(data: data)
    parser.delegate = self
    #expect(parser.parse(), "\(String(describing: parser.parserError))")
    #expect(open.isEmpty)
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    open.append(name)
    if name == "g", let id = attributes["id"], id.hasPrefix("gnuplot_plot_") {
      plot = (id, open.count)
      points[id] = 0
    }
    if name == "use", let plot { points[plot.name, default: 0] += 1 }
    if name == "text" { text = "" }
  }

  func parser(_ parser: XMLParser, foundCharacters characters: String) {
    if open.contains("text") { text += characters }
  }

  func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
    if name == "text" { texts.append(text) }
    if let plot, plot.depth == open.count { self.plot = nil }
    open.removeLast()
  }
}
