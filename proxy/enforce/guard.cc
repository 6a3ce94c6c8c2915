#include "proxy/enforce/guard.h"

#include "proxy/enforce/generation.h"

namespace pgconsent::enforce {

Guard::Guard(const Generation& generation, const rules::ProtectedRelation& relation,
             const rules::Purpose& purpose, Form form, std::string_view alias)
    : generation_(generation), relation_(relation), form_(form) {
  for (const rules::SubjectPath& path : relation.subjects) {
    requests_.push_back({&relation, &path, &purpose, alias, requests_.size(), form == Form::join_one,
                         form == Form::join_one || form == Form::join_few});
    if (form != Form::exists) paths_.emplace_back(generation, requests_.back());
  }
}

std::string Guard::condition(std::string_view category, std::size_t subject_set) {
  rules::SubjectSet set{relation_.all_subjects, 0, requests_.size()};
  if (!relation_.subject_sets.empty()) set = relation_.subject_sets.at(subject_set);
  std::vector<std::string> conditions;
  for (std::size_t i = set.first; i < set.first + set.count; ++i) {
    conditions.push_back(form_ == Form::exists ? PathGuard::standalone(generation_, requests_[i], category)
                                               : paths_[i].condition(category));
  }
  // `all` of no subjects would be true.
  if (conditions.empty()) return "FALSE";
  return set.all_subjects ? all_of(conditions) : any_of(conditions);
}

std::string Guard::joins() const {
  std::string sql;
  for (const PathGuard& path : paths_) sql += path.joins();
  return sql;
}

}  // namespace pgconsent::enforce
