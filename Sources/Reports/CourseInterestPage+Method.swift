import Analytics
import LearningEvents
import Markup

// What the figures mean, where they come from, and what they must not be used for.
extension CourseInterestPage {
  var method: Markup {
    tag("section", Attribute("aria-labelledby", "method")) {
      tag("h2", .id("method"), text: "Method")
      tag(
        "p",
        text: """
          Webcam frames become six probabilities each: the largest face is cropped; features of a VGG16 network, \
          histograms of oriented gradients and SIFT descriptors are joined; a deep residual shrinkage network gives \
          the six emotions. This system’s database holds no picture; its message log, Kafka, keeps each for as long as \
          whoever runs it has set. A frame counts for the time until the next, at most twice the frame interval.
          """)
      tag("p") {
        "For one learner in one segment, "
        quantity("q")
        " is the time-weighted mean of each probability over the frames with a usable face. With weights of version "
        "\(report.weightsVersion)"
        if formulas == nil { ", whose formulas this program does not know." } else { ":" }
      }
      for pieces in formulas?.all ?? [] { formula(pieces) }
      tag("p") {
        if let formulas, !formulas.band.isEmpty { "The band of concentration counts \(formulas.band). " }
        """
        A segment’s figure is the mean over its learners; its interval comes from 2000 bootstrap resamples of learners, \
        2.5 to 97.5 per cent. The interval covers who happened to be measured; it does not cover whether the network \
        reads faces correctly.
        """
      }
      tag("h3", text: "Source")
      tag("p") {
        "Sun, Liu and Qian: “Enhancing Emotion Recognition in College Students’ Online Learning: A Research on "
        "Integrating Feature Fusion and Attention Mechanisms”, Traitement du Signal 41(1), 2024, doi "
        tag("a", .href(.constant("https://doi.org/10.18280/ts.410120")), text: "10.18280/ts.410120")
        ". It gives the emotions and the networks; the weights above are Lectern’s own."
      }
      tag("h3", text: "Limits")
      tag("ul", .class("notes")) {
        tag("li", text: "A face is weak evidence of what someone feels or learns; people, cultures and cameras differ.")
        tag("li", text: "The paper reports about 84 % accuracy on 100 students of one place, under its own labelling.")
        tag("li", text: "Differences between segments may come from the time of day, the light or who stayed.")
        tag("li", text: "Use it to look again at a course, together with what learners say; never to judge a learner.")
      }
    }
  }

  var law: Markup {
    tag("section", Attribute("aria-labelledby", "law")) {
      tag("h2", .id("law"), text: "Legal notice")
      tag("p") {
        "This deployment runs for the purpose "
        tag("strong", text: Escaping.singleLine(report.deployment.purpose))
        " in region "
        tag("strong", text: Escaping.singleLine(report.deployment.region))
        if let basis = report.deployment.basis {
          ", on the basis "
          tag("strong", .class("isolate"), text: Escaping.singleLine(basis))
        }
        "."
      }
      tag(
        "p",
        text: """
          In the European Union, inferring emotions of people in education institutions has been prohibited since \
          2 February 2025, except for medical or safety reasons (AI Act, Article 5(1)(f)); consent is no exception. \
          Elsewhere, learners take part only with their consent, which they can withdraw; their data are then erased.
          """)
    }
  }

  private func quantity(_ name: StaticString) -> Markup { tag("em", text: name.description) }

  private func formula(_ pieces: [WeightFormulas.Piece]) -> Markup {
    tag("p", .class("formula")) {
      for piece in pieces {
        switch piece {
        case .text(let text): text
        case .share(let emotion):
          quantity("q")
          tag("sub", text: emotion.name)
        }
      }
    }
  }
}
