/// Which candidates extend the states of a beam: all but the shortest, which the candidates still
/// to come can use better.
///
/// Without a window the best states hold the shortest candidates already, and are completed by
/// others of them: beams meet one subset again and again from its parts, twelve times with m = 9, n
/// = 1000 and a size of 12. States that must take longer candidates first meet it four times, and
/// about twice as many subsets in all. Two windows meet more than one does in the same time. Where
/// sizes are free, the best size of narrower beams stands for the last one; at equal work errors
/// fall by 22 % at (m, n) = (9, 1000), 19 % at (25, 1000), 8 % at (9, 250) and 5 % at (72, 1900)
/// (geometric means of 8 instances).
struct BeamWindow {
  /// The part of the candidates, the shortest, that cannot come first. For later ones the part
  /// shrinks as the square of the number of candidates still to come.
  let part: Double
  /// The window of all candidates.
  static let none = BeamWindow(part: 0)
  /// The best window for one beam, for m = 9 and size 12 as well as for m = 25 and size 27, both of
  /// 1000 candidates; a flat optimum.
  static let narrow = BeamWindow(part: 0.125)
  /// The best window beside `narrow`.
  static let wide = BeamWindow(part: 0.25)

  /// One of a sequence of windows whose parts fill 0 … 3/8 evenly: van der Corput's sequence to the
  /// base 2.
  ///
  /// - Parameter number: from 1.
  static func other(_ number: Int) -> BeamWindow {
    var (rest, place, part) = (number, 0.5, 0.0)
    while rest > 0 {
      part += rest & 1 == 1 ? place : 0
      (rest, place) = (rest >> 1, place / 2)
    }
    return BeamWindow(part: 0.375 * part)
  }

  /// The rank by norm, among `count` candidates, from which on candidates extend states of `size`
  /// toward the size `last`; 0 from there on.
  func first(extending size: Int, toward last: Int, of count: Int) -> Int {
    if last < 2 { return 0 }
    let left = Double(max(0, last - 1 - size)) / Double(last - 1)
    return min(Int(part * Double(count) * left * left), max(0, count - last))
  }
}
