import Ingest
import Testing

@Suite struct RecognitionPaceTests {
  @Test func quickChunksGrowToSixtyFourAndNoFurther() {
    var pace = RecognitionPace(first: 4)
    var sizes = [pace.chunk]
    for _ in 0..<8 {
      pace.adapt(to: .milliseconds(4))
      sizes.append(pace.chunk)
    }
    #expect(sizes == [4, 8, 16, 32, 64, 64, 64, 64, 64])
  }

  @Test func aSlowOneFallsBackToTheFirstSizeAtOnce() {
    var pace = RecognitionPace(first: 4)
    for _ in 0..<10 { pace.adapt(to: .zero) }
    pace.adapt(to: .milliseconds(5))
    #expect(pace.chunk == 4)
    pace.adapt(to: .seconds(10))
    #expect(pace.chunk == 4)
    pace.adapt(to: .microseconds(4999))
    #expect(pace.chunk == 8)
  }

  @Test(arguments: [1, 48, 64, 100]) func noSizeIsBelowTheFirst(first: Int) {
    var pace = RecognitionPace(first: first)
    for _ in 0..<10 {
      pace.adapt(to: .zero)
      #expect((first...max(first, 64)).contains(pace.chunk))
    }
    #expect(pace.chunk == max(first, 64))
    pace.adapt(to: .seconds(1))
    #expect(pace.chunk == first)
  }
}
