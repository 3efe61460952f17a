package import Neural
import PlainText
package import Tensors

/// Which tensors of a file become which parameters of a network, decided from the file's header alone.
package struct PretrainedMatch: Sendable {
  /// A tensor of the file and what it becomes.
  package struct Use: Sendable, Hashable {
    package let entry: Safetensors.Entry
    package let parameter: Parameter
  }

  /// A tensor of the file that is not needed.
  package struct LeftOut: Sendable, Hashable {
    package enum Reason: String, Sendable {
      case classifier = "ImageNet classifier"
      case counter = "counter of training batches"
    }

    package let entry: Safetensors.Entry
    package let reason: Reason
  }

  package let network: PretrainedNetwork
  package let scheme: PretrainedNetwork.NameScheme
  /// In the order of their bytes in the file.
  package let used: [Use]
  /// In the order of their bytes in the file.
  package let leftOut: [LeftOut]

  /// Matches a file's tensors to a network's parameters.
  ///
  /// Every parameter must be there in its shape and in a floating-point type. Besides, only the ImageNet classifier and
  /// PyTorch's `num_batches_tracked` may be there: any other tensor means another network, whose answers would be lost.
  ///
  /// - Parameter file: names the file in errors.
  package init(
    _ entries: [Safetensors.Entry], of network: PretrainedNetwork, file: String
  ) throws(ImportError) {
    let parameters = network.parameters
    let wanted = Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0) })
    let given = Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0) })
    let complaint = Complaint(file: file, network: network, guess: WeightFileGuess(entries))

    let missing = parameters.filter { given[$0.name] == nil }
    guard missing.isEmpty else { throw complaint.missing(missing) }
    var used: [Use] = []
    var leftOut: [LeftOut] = []
    var unexpected: [Safetensors.Entry] = []
    var schemes: Set<PretrainedNetwork.NameScheme> = []
    for entry in entries {
      if let parameter = wanted[entry.name] {
        guard entry.shape == parameter.shape else { throw complaint.misshapen(entry, parameter) }
        guard entry.type.isFloatingPoint else { throw complaint.integer(entry) }
        used.append(Use(entry: entry, parameter: parameter))
      } else if let scheme = network.classifierScheme(entry.name) {
        schemes.insert(scheme)
        leftOut.append(LeftOut(entry: entry, reason: .classifier))
      } else if Self.isCounter(entry, beside: wanted) {
        leftOut.append(LeftOut(entry: entry, reason: .counter))
      } else {
        unexpected.append(entry)
      }
    }
    guard unexpected.isEmpty else { throw complaint.unexpected(unexpected) }
    self.network = network
    // Both at once would be a file no tool writes, but nothing in it is ambiguous.
    scheme = schemes.count == 1 ? schemes.first! : .either
    self.used = used
    self.leftOut = leftOut
  }

  /// `bn1.num_batches_tracked` beside `bn1.running_mean`.
  private static func isCounter(_ entry: Safetensors.Entry, beside wanted: [String: Parameter]) -> Bool {
    let suffix = ".num_batches_tracked"
    guard entry.name.hasSuffix(suffix) else { return false }
    return wanted["\(entry.name.dropLast(suffix.count)).running_mean"] != nil
  }
}

/// The sentences of a match that failed.
private struct Complaint {
  let file: String
  let network: PretrainedNetwork
  let guess: WeightFileGuess

  private var expected: String { "torchvision's or timm's \(network.rawValue)" }

  func missing(_ parameters: [Parameter]) -> ImportError {
    error(.missing, "lacks \(list(parameters.map { "\($0.name) \($0.shape)" })), which \(expected) has")
  }

  func unexpected(_ entries: [Safetensors.Entry]) -> ImportError {
    error(
      .unexpected,
      "holds \(list(entries.map { "\($0.name.shown) \($0.shape)" })), which \(expected) does not have"
    )
  }

  func misshapen(_ entry: Safetensors.Entry, _ parameter: Parameter) -> ImportError {
    error(.misshapen, "holds \(parameter.name) as \(entry.shape); in \(expected) it is \(parameter.shape)")
  }

  func integer(_ entry: Safetensors.Entry) -> ImportError {
    ImportError(
      .values,
      "\(file) holds \(entry.name) as \(entry.type.rawValue), which is no type of weights; save the file again with "
        + "its tensors in float32")
  }

  private func error(_ code: ImportError.Code, _ problem: String) -> ImportError {
    let advice = guess.advice(for: network) ?? "Save the weights of \(expected) again, every tensor under its own name."
    return ImportError(guess.isAnotherNetwork(than: network) ? .network : code, "\(file) \(problem). \(advice)")
  }

  private func list(_ names: [String]) -> String {
    names.prefix(3).joined(separator: ", ") + (names.count > 3 ? " and \(names.count - 3) more tensors" : "")
  }
}
