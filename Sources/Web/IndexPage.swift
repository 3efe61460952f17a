import Markup
import Persistence
import Reports

/// The first page: which courses there are, and what this is.
struct IndexPage {
  let courses: [ReportedCourse]
  let deployment: CourseInterestReport.Deployment

  func rendered() -> String {
    Page.rendered(title: "Lectern", styles: .linked(Site.stylesheet)) {
      tag("header", .class("page")) {
        tag("p", .class("eyebrow"), text: "Learning analytics")
        tag("h1", text: "Lectern")
        tag(
          "p", .class("lead"),
          text: """
            How learners seemed to take each part of a course, from webcam frames they agreed to: for whole groups, with \
            its uncertainty, and never for one person.
            """)
      }
      tag("main") {
        if deployment.purpose == "demonstration" {
          tag("div", .class("banner"), Attribute("role", "note")) {
            tag("p") {
              tag("strong", text: "This is a demonstration.")
              " Each report says whether its numbers mean anything."
            }
          }
        }
        list
        notice
      }
    }
  }

  private var list: Markup {
    tag("section", Attribute("aria-labelledby", "courses")) {
      tag("h2", .id("courses"), text: "Courses")
      if courses.isEmpty {
        tag("p", .class("lead"), text: "No course is known yet. Courses come from the LMS, or from a file.")
      } else {
        tag("ul", .class("list")) {
          for course in courses {
            let path = ["courses", "\(course.id)"]
            tag("li") {
              tag("a", .class("title isolate"), .href(.path(path + ["report"])), text: Self.title(course))
              tag("p") {
                course.segments == 1 ? "1 segment · " : "\(course.segments) segments · "
                tag("a", .href(.path(path + ["report.json"])), text: "as JSON")
              }
            }
          }
        }
      }
    }
  }

  private var notice: Markup {
    tag("section", Attribute("aria-labelledby", "notice")) {
      tag("h2", .id("notice"), text: "Before you read on")
      tag(
        "p",
        text: """
          A network guesses emotions from faces. Its figures are weak evidence about a course and none about a person. \
          Groups below the cohort minimum are not shown. In the European Union, inferring emotions in education has been \
          prohibited since 2 February 2025, except for medical or safety reasons (AI Act, Article 5(1)(f)).
          """)
      tag("p", .class("lead")) {
        "This deployment runs for the purpose "
        tag("strong", text: Escaping.singleLine(deployment.purpose))
        " in region "
        tag("strong", text: Escaping.singleLine(deployment.region))
        ". Nobody signs in, so it serves this machine alone."
      }
    }
  }

  private static func title(_ course: ReportedCourse) -> String {
    let title = Escaping.singleLine(course.title)
    return title.isEmpty ? "Course \(course.id)" : title
  }
}

/// Said of a course that does not exist, in the words used for one that may not be seen: which of the two it is, is
/// nobody's business.
enum NotFoundPage {
  static func rendered() -> String {
    Page.rendered(title: "Not found", styles: .linked(Site.stylesheet)) {
      tag("header", .class("page")) {
        tag("p", .class("eyebrow"), text: "Lectern")
        tag("h1", text: "No such course")
        tag("p") { tag("a", .href(.path([])), text: "All courses") }
      }
    }
  }
}
