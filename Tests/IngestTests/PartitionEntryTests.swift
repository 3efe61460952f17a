import Ingest
import Testing

@Suite struct PartitionEntryTests {
  /// A batch in which what came before comes again cannot be stored as it is: the ledger takes offsets in their order.
  @Test(
    arguments: [
      ([], true), ([0], true), ([7, 8, 12], true), ([7, 8, 8], false), ([1359, 1360, 1300, 1301], false),
      ([2, 1], false),
    ] as [([Int64], Bool)])
  func offsetsInTheirOrder(offsets: [Int64], isInOrder: Bool) {
    #expect(PartitionEntry.isInOrder(offsets) == isInOrder)
  }
}
