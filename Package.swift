// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Tombola",
  products: [
    .library(name: "RunControl", targets: ["RunControl"]),
    .library(name: "LinearAlgebra", targets: ["LinearAlgebra"]),
  ],
  targets: [
    .systemLibrary(
      name: "CBLAS", path: "CBLAS", pkgConfig: "openblas lapacke",
      providers: [.apt(["libopenblas-dev", "liblapacke-dev"])]),
    .target(name: "RunControl"),
    .target(name: "LinearAlgebra", dependencies: ["CBLAS"]),
    .testTarget(name: "RunControlTests", dependencies: ["RunControl"]),
    .testTarget(name: "LinearAlgebraTests", dependencies: ["LinearAlgebra"]),
  ],
  swiftLanguageModes: [.v6]
)
