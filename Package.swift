// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Tombola",
  products: [
    .library(name: "RunControl", targets: ["RunControl"]),
    .library(name: "LinearAlgebra", targets: ["LinearAlgebra"]),
    .library(name: "Convolution", targets: ["Convolution"]),
  ],
  targets: [
    .systemLibrary(
      name: "CBLAS", path: "CBLAS", pkgConfig: "openblas lapacke",
      providers: [.apt(["libopenblas-dev", "liblapacke-dev"])]),
    .target(name: "RunControl"),
    .target(name: "LinearAlgebra", dependencies: ["CBLAS"]),
    .target(name: "Convolution", dependencies: ["LinearAlgebra"]),
    .testTarget(name: "RunControlTests", dependencies: ["RunControl"]),
    .testTarget(name: "LinearAlgebraTests", dependencies: ["LinearAlgebra"]),
    .testTarget(name: "ConvolutionTests", dependencies: ["Convolution", "LinearAlgebra"]),
  ],
  swiftLanguageModes: [.v6]
)
