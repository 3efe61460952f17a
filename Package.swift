// swift-tools-version: 6.2
import PackageDescription

// Every Swift target is built the same way: Swift 6, warnings are errors, explicit imports and existentials.
let swift: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// The same for tests, which run optimised code and do little of their own: to optimise them takes minutes as well.
let unoptimised = swift + [.unsafeFlags(["-Onone"], .when(configuration: .release))]

/// A Swift target under `Sources/`; what it may depend on is decided by its layer.
func target(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: swift)
}

/// The targets whose tests themselves compute for long.
let computing: Set = ["ImageIO", "OneDNN", "OpenCV", "Recognition", "Tensors", "Training", "Vision"]

/// The tests of one target, under `Tests/<name>Tests`.
func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.init(stringLiteral: name)] + dependencies,
    swiftSettings: computing.contains(name) ? swift : unoptimised)
}

/// A C library of the system: a module map and a shim header, nothing compiled.
func system(_ name: String) -> Target { .systemLibrary(name: name) }

// MARK: C

let c: [Target] = [
  system("CPostgres"),
  system("CKafka"),
  system("COneDNN"),
  system("CSpng"),
  system("CMicroHTTPD"),
  system("COpenSSL"),
  system("CLinux"),
  .target(name: "CJPEG", linkerSettings: [.linkedLibrary("jpeg")]),
  .target(
    name: "COpenCV",
    // The one C++ target: Debian puts OpenCV's headers where no default search path looks.
    cxxSettings: [.unsafeFlags(["-isystem", "/usr/include/opencv4", "-Wall", "-Wextra"])],
    linkerSettings: ["core", "imgproc", "features2d", "objdetect"].map { .linkedLibrary("opencv_\($0)") }),
]

// MARK: Base

let base: [Target] = [
  target("JSON"),
  target("PlainText"),
  target("StableHashing"),
  target("Addresses"),
  target("Files", ["PlainText"]),
  target("ImageTypes"),
  target("LearningEvents", ["ImageTypes", "JSON"]),
  target("Tensors", ["JSON", "PlainText"]),
  target("Configuration", ["JSON", "PlainText"]),
  target("TextOutput", ["Files", "JSON", "PlainText"]),
  target("Telemetry", ["JSON", "PlainText"]),
  target("Services", ["CLinux", "Telemetry"]),
  target("Processes", ["CLinux", "Services"]),
  target("Arguments", ["Configuration", "Files", "PlainText", "Processes", "TextOutput"]),
]

// MARK: Pure

let pure: [Target] = [
  target("Vision", ["ImageTypes"]),
  target("Neural", ["PlainText", "StableHashing", "Tensors"]),
  target("Analytics", ["LearningEvents", "StableHashing"]),
  target("Markup"),
]

// MARK: Adapters

let adapters: [Target] = [
  target("PostgresIO", ["Addresses", "CPostgres", "LearningEvents", "Services", "Telemetry"]),
  target("KafkaIO", ["Addresses", "CKafka", "LearningEvents", "Services", "Telemetry"]),
  target("OneDNN", ["COneDNN", "Neural", "Services", "Tensors"]),
  target("ImageIO", ["CJPEG", "CSpng", "ImageTypes", "Vision"]),
  target("IsolatedDecoding", ["CLinux", "Processes", "Telemetry", "Vision"]),
  target("OpenCV", ["COpenCV", "Vision"]),
  target("Cryptography", ["COpenSSL", "LearningEvents"]),
  target("HTTPServing", ["Addresses", "CMicroHTTPD", "Services", "StableHashing", "Telemetry"]),
]

// MARK: Features

let features: [Target] = [
  .target(
    name: "Migrations", path: "migrations",
    resources: ["steps", "functions", "views"].map { .embedInCode($0) },
    swiftSettings: swift),
  target(
    "Persistence",
    ["Analytics", "Cryptography", "LearningEvents", "Migrations", "PostgresIO", "Services", "Telemetry"]),
  target(
    "Recognition",
    [
      "Cryptography", "Files", "ImageTypes", "JSON", "LearningEvents", "Neural", "PlainText", "Services", "Telemetry",
      "Tensors", "Vision",
    ]),
  target(
    "Ingest",
    [
      "Configuration", "Cryptography", "KafkaIO", "LearningEvents", "Persistence", "Recognition", "Services",
      "Telemetry",
    ]),
  target(
    "Watching",
    ["Ingest", "KafkaIO", "LearningEvents", "Persistence", "PlainText", "PostgresIO", "Services", "Telemetry"]),
  target("Aggregation", ["Analytics", "LearningEvents", "Persistence", "Services", "Telemetry"]),
  target(
    "Training",
    [
      "Cryptography", "Files", "LearningEvents", "Neural", "PlainText", "Recognition", "Services", "StableHashing",
      "Telemetry", "Tensors", "Vision",
    ]),
  target("Reports", ["Analytics", "LearningEvents", "Markup", "Persistence", "PlainText", "PostgresIO"]),
  target("Web", ["Addresses", "HTTPServing", "Markup", "Persistence", "Reports", "Services", "Telemetry"]),
]

// MARK: Top

/// Links the product with Swift's libraries inside, so that it runs where no Swift is installed. What Foundation's
/// archive needs is named here: `--static-swift-stdlib` would find it by itself, but compiles everything in a way of
/// its own, and the tests, which cannot be linked statically, would need a second build of every target.
let withSwiftInside: [LinkerSetting] = [
  .unsafeFlags(
    // All symbols are bound at the start, so that the tables of addresses are read-only from then on.
    ["-static-stdlib", "-Xlinker", "-z", "-Xlinker", "now"]
      + [
        "Foundation", "FoundationInternationalization", "FoundationEssentials", "CoreFoundation", "_FoundationICU",
        "_FoundationCShims", "_FoundationCollections",
      ].map { "-l\($0)" },
    .when(configuration: .release))
]

let top: [Target] = [
  target("LocalServers", ["Files", "KafkaIO", "PostgresIO", "Processes", "Services", "Telemetry"]),
  // No test may depend on it: its linker settings would become those of the tests. They run it as a program.
  .executableTarget(
    name: "lectern", dependencies: ["Commands"], swiftSettings: swift, linkerSettings: withSwiftInside),
  target(
    "Commands",
    [
      "Addresses", "Aggregation", "Analytics", "Arguments", "Configuration", "Cryptography", "Files", "HTTPServing",
      "ImageIO",
      "ImageTypes", "Ingest", "IsolatedDecoding", "JSON", "KafkaIO", "LearningEvents", "LocalServers", "Migrations",
      "Neural", "OneDNN", "OpenCV", "Persistence", "PlainText", "PostgresIO", "Processes", "Recognition", "Reports",
      "Services", "StableHashing", "Telemetry", "Tensors", "TextOutput", "Training", "Vision", "Watching", "Web",
    ]),
]

// MARK: Benchmarks

/// A program under `Benchmarks/` that measures. They are part of the package only where `LECTERN_BENCHMARKS` is set:
/// neither `make build` nor `make test` compiles them.
func benchmark(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(name: name, dependencies: dependencies, path: "Benchmarks/\(name)", swiftSettings: swift)
}

let benchmarks: [Target] = [
  benchmark("NetworkBenchmark", ["Neural", "OneDNN", "Recognition", "Tensors"]),
  benchmark("VisionBenchmark", ["Cryptography", "ImageIO", "OpenCV", "Vision"]),
  benchmark(
    "RecognitionBenchmark",
    [
      "ImageIO", "LearningEvents", "Neural", "OneDNN", "OpenCV", "Recognition", "Telemetry", "Tensors", "Training",
      "Vision",
    ]),
  benchmark(
    "IngestBenchmark",
    [
      "Cryptography", "ImageTypes", "KafkaIO", "LearningEvents", "Persistence", "PostgresIO", "Processes", "Services",
      "Telemetry",
    ]),
  benchmark("DecodeBenchmark", ["ImageIO", "IsolatedDecoding", "Telemetry", "Vision"]),
  benchmark(
    "DrawnFaces",
    ["ImageIO", "LearningEvents", "OpenCV", "Recognition", "StableHashing", "Training", "Vision"]),
  benchmark("FaceSweep", ["ImageIO", "LearningEvents", "OpenCV", "Training", "Vision"]),
]

// MARK: Tests

let testTargets: [Target] = [
  tests("Addresses"),
  tests("JSON"),
  tests("PlainText"),
  tests("Files"),
  tests("Processes"),
  .target(name: "LogCapturing", dependencies: ["Telemetry"], path: "Tests/LogCapturing", swiftSettings: swift),
  tests("Services", ["LogCapturing", "Telemetry"]),
  tests("Telemetry", ["LogCapturing"]),
  tests("Configuration"),
  .target(
    name: "ArgumentsTestSupport", dependencies: ["Arguments", "Processes", "TextOutput"],
    path: "Tests/ArgumentsTestSupport",
    swiftSettings: swift),
  tests("Arguments", ["ArgumentsTestSupport", "Configuration", "Processes", "TextOutput"]),
  tests("TextOutput", ["Arguments", "ArgumentsTestSupport"]),
  .testTarget(
    name: "CommandsTests",
    dependencies: [
      "Aggregation", "Arguments", "ArgumentsTestSupport", "Commands", "ImageTypes", "Ingest", "KafkaIO",
      "LearningEvents", "Neural", "Persistence", "PostgresIO", "Processes", "Recognition", "TextOutput",
      "Watching", "WatchingTestSupport",
    ], exclude: ["Expected"], swiftSettings: swift),
  tests("Tensors", ["JSON", "StableHashing"]),
  .target(
    name: "DeviationReporting", path: "Tests/DeviationReporting", exclude: ["deviations.awk"], swiftSettings: swift),
  .target(
    name: "NeuralTestSupport", dependencies: ["Cryptography", "Neural", "Tensors"], path: "Tests/NeuralTestSupport",
    swiftSettings: swift),
  .testTarget(
    name: "NeuralTests",
    dependencies: ["Cryptography", "DeviationReporting", "Neural", "NeuralTestSupport", "Tensors"],
    exclude: ["Goldens"], swiftSettings: swift),
  tests("OneDNN", ["DeviationReporting", "Neural", "NeuralTestSupport", "Tensors"]),
  tests(
    "Ingest",
    [
      "Cryptography", "ImageTypes", "KafkaIO", "LearningEvents", "Persistence", "Recognition", "Services", "Telemetry",
    ]),
  .target(
    name: "WatchingTestSupport", dependencies: ["LearningEvents", "Persistence", "Watching"],
    path: "Tests/WatchingTestSupport", swiftSettings: swift),
  tests("Watching", ["Ingest", "KafkaIO", "LearningEvents", "Persistence", "WatchingTestSupport"]),
  tests("Analytics", ["LearningEvents", "StableHashing"]),
  .target(
    name: "TestSupport",
    dependencies: [
      "CKafka", "Cryptography", "KafkaIO", "LearningEvents", "LocalServers", "Migrations", "Persistence", "PostgresIO",
      "Processes", "Services", "Telemetry",
    ],
    path: "Tests/TestSupport", swiftSettings: swift),
  // The real worker with a classifier that costs nothing, in a process of its own: for tests that kill and stop it, and
  // for measuring what is not recognition.
  .target(
    name: "StubRecognition", dependencies: ["Cryptography", "ImageIO", "LearningEvents", "Recognition", "Vision"],
    path: "Tests/StubRecognition", swiftSettings: swift),
  .executableTarget(
    name: "StubWorker",
    dependencies: [
      "Configuration", "Cryptography", "Ingest", "KafkaIO", "LearningEvents", "Persistence", "PostgresIO",
      "Recognition", "Services", "StubRecognition", "Telemetry", "TextOutput",
    ],
    path: "Tests/StubWorker", swiftSettings: swift),
  tests("LearningEvents", ["ImageTypes", "StableHashing"]),
  tests("Migrations"),
  tests("Persistence", ["Analytics", "LearningEvents", "PostgresIO"]),
  tests("PostgresIO", ["LearningEvents"]),
  .testTarget(
    name: "IntegrationTests",
    dependencies: [
      "Aggregation", "Analytics", "Cryptography", "ImageIO", "ImageTypes", "Ingest", "IsolatedDecoding", "KafkaIO",
      "LearningEvents", "LocalServers", "LogCapturing", "Migrations", "Neural", "Persistence", "PostgresIO",
      "Processes", "Recognition", "Reports", "Services", "StableHashing", "StubRecognition", "Telemetry", "Tensors",
      "TestSupport", "Vision", "Watching",
    ],
    swiftSettings: unoptimised),
  tests("Cryptography", ["LearningEvents"]),
  tests("KafkaIO", ["LearningEvents", "Telemetry"]),
  .target(
    name: "VisionTestSupport", dependencies: ["Cryptography", "Vision"], path: "Tests/VisionTestSupport",
    swiftSettings: swift),
  tests(
    "Recognition",
    [
      "Cryptography", "DeviationReporting", "Files", "ImageTypes", "LearningEvents", "Neural", "Services",
      "StableHashing", "Telemetry", "Tensors", "Vision",
    ]),
  tests(
    "Training",
    [
      "Cryptography", "Files", "ImageIO", "LearningEvents", "Neural", "OneDNN", "OpenCV", "Recognition",
      "StableHashing",
      "Telemetry", "Tensors", "Vision",
    ]),
  tests("Vision", ["DeviationReporting", "VisionTestSupport"]),
  tests("Markup"),
  tests("HTTPServing", ["Services", "Telemetry"]),
  tests("Reports", ["Analytics", "LearningEvents", "Markup", "Persistence"]),
  tests("Web", ["Addresses", "HTTPServing", "LearningEvents", "Persistence", "Reports", "Telemetry"]),
  tests("IsolatedDecoding", ["Vision"]),
  tests("ImageIO", ["DeviationReporting", "ImageTypes", "StableHashing", "Vision", "VisionTestSupport"]),
  tests("OpenCV", ["DeviationReporting", "ImageIO", "Vision", "VisionTestSupport"]),
]

let isBenchmarking = Context.environment["LECTERN_BENCHMARKS"] != nil

let package = Package(
  name: "lectern",
  products: [.executable(name: "lectern", targets: ["lectern"])],
  targets: c + base + pure + adapters + features + top + (isBenchmarking ? benchmarks : []) + testTargets,
  cxxLanguageStandard: .cxx17)
