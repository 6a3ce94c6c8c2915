// A plan for every text of one shape: the same statement with other constants. Its text was analysed, edited
// and checked with marks in place of the constants, so an instance differs from what was checked by constant
// tokens alone.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "parser/edit/literals.h"
#include "proxy/enforce/plan.h"

namespace pgconsent::enforce {

class PlanTemplate {
 public:
  // `first` is the plan of `text`; `plan_of` makes one for another text, or null. Null when the constants
  // may matter to the plan.
  template <class PlanOf>
  static std::unique_ptr<PlanTemplate> make(const Plan& first, const parser::LiteralShape& shape,
                                            PlanOf&& plan_of) {
    const Constants constants = constants_of(first, shape);
    if (constants == Constants::matter) return nullptr;
    const Marked marked = mark(first.original, shape);
    const auto plan = plan_of(marked.text);
    if (plan == nullptr) return nullptr;
    auto made = from_marked(*plan, marked, first, shape);
    if (made != nullptr && constants == Constants::keys) made->look_up_by_key();
    return made;
  }

  // REQUIRES: the shape is the text's and equals the one that the template was made for.
  PlanPtr instance(std::string_view text, const parser::LiteralShape& shape) const;

  std::size_t size() const { return size_; }  // bytes, roughly

 private:
  struct Marked {
    std::string text;
    parser::LiteralShape shape;
  };
  struct Piece {
    std::string text;  // sent as it is,
    int literal = -1;  // then this literal of the client's text; -1 behind the last piece
  };
  struct EditLiterals {
    int before_start = 0, before_end = 0;  // literals of the client's text in front of the edit's ends
    std::vector<int> inside;               // literals that the replacement repeats
  };

  enum class Constants { matter, values, keys };
  static Constants constants_of(const Plan& first, const parser::LiteralShape& shape);
  static Marked mark(std::string_view text, const parser::LiteralShape& shape);
  static std::unique_ptr<PlanTemplate> from_marked(const Plan& marked_plan, const Marked& marked,
                                                   const Plan& first, const parser::LiteralShape& shape);

  bool find_subject_keys(const Marked& marked);
  void cut(const Marked& marked);
  void look_up_by_key();

  Plan plan_;                              // of the marked text, without both texts
  std::vector<parser::Literal> literals_;  // of the marked text
  std::vector<Piece> pieces_;              // of the text to send, unless the plan is the identity
  std::vector<EditLiterals> edits_;        // beside plan_.edits
  std::vector<int> subject_keys_;          // which literal each constant of the disclosure is
  std::size_t size_ = 0;
};

}  // namespace pgconsent::enforce
