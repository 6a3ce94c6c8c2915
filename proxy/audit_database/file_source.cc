// Answers from the log's files: all of it is read for each question, and what is answered held in memory.
#include <algorithm>
#include <unordered_map>

#include "proxy/audit/reader.h"
#include "proxy/audit_database/source.h"

namespace pgconsent::audit_database {

namespace {

class FileSource : public Source {
 public:
  explicit FileSource(std::filesystem::path directory) : directory_(std::move(directory)) {}

  bool entries(const Filter& filter, Order order, std::size_t most, const Sink& sink) override;
  bool show(std::uint64_t id, std::optional<Entry>& entry) override;
  bool totals(const Filter& filter, bool with_subjects, std::vector<Total>& totals) override;
  std::vector<std::string> gaps() override { return {gaps_.begin(), gaps_.end()}; }

 private:
  struct Known {
    Shape shape;
    bool wanted = false;
    std::string first;  // time of its first record
  };
  using Kept = std::map<std::pair<std::string, std::uint64_t>, Entry>;  // by time and id

  bool read(const std::function<void(const audit::ReadLine&)>& line);
  // Null: the line is damaged, which is noted.
  Known* shape_of(const RecordFields& record, const audit::ReadLine& line, const Filter& filter);
  void damaged(const audit::ReadLine& line, const char* what);
  bool collect(const Filter& filter, const std::function<bool(std::uint64_t)>& wanted, Source::Order order,
               std::size_t most, Kept& kept);
  void add(Total& total, const Outcome& outcome, bool with_subjects) const;

  std::filesystem::path directory_;
  std::unordered_map<std::string, Known> shapes_;
  std::set<std::string> gaps_;
};

void FileSource::damaged(const audit::ReadLine& line, const char* what) {
  gaps_.insert("line " + std::to_string(line.id) + " (segment " + std::to_string(line.segment) + ", line " +
               std::to_string(line.number) + " there) is not " + what);
}

bool FileSource::read(const std::function<void(const audit::ReadLine&)>& line) {
  shapes_.clear();
  std::error_code ignored;
  if (!std::filesystem::is_directory(directory_, ignored))
    return fail("the audit directory " + directory_.string() + " can't be read");
  audit::Reader reader(directory_);
  for (audit::ReadLine each; reader.next(each);) {
    if (is_time(each.time)) {
      line(each);
    } else {
      damaged(each, "a line with a time");
    }
  }
  for (const audit::ReadProblem& problem : reader.problems()) gaps_.insert(problem.message);
  return true;
}

FileSource::Known* FileSource::shape_of(const RecordFields& record, const audit::ReadLine& line,
                                        const Filter& filter) {
  auto found = shapes_.find(record.shape);
  if (found == shapes_.end()) {
    auto shape = parse_shape(record.shape);
    if (!shape) return nullptr;
    const bool wanted = matches(*shape, filter);
    found = shapes_.emplace(record.shape, Known{std::move(*shape), wanted, std::string(line.time)}).first;
  }
  found->second.first = std::min(found->second.first, std::string(line.time));
  return &found->second;
}

Entry make_entry(const audit::ReadLine& line, const RecordFields& record, const Shape& shape) {
  return {std::string(line.time), line.id, record.session, record.catalog, record.duration_us, record.client,
          std::string(line.hash), shape,   std::nullopt};
}

// With a subject, who is asked for is known only when a statement has ended.
bool FileSource::collect(const Filter& filter, const std::function<bool(std::uint64_t)>& wanted, Order order,
                         std::size_t most, Kept& kept) {
  std::unordered_map<std::uint64_t, Entry> pending;  // only with a subject
  std::unordered_map<std::uint64_t, std::string> times;
  const auto keep = [&](Entry entry) {
    times[entry.id] = entry.time;
    auto key = std::make_pair(entry.time, entry.id);
    kept.emplace(std::move(key), std::move(entry));
    if (most == 0 || kept.size() <= most) return;
    const auto surplus = order == Order::newest_first ? kept.begin() : std::prev(kept.end());
    times.erase(surplus->first.second);
    kept.erase(surplus);
  };
  return read([&](const audit::ReadLine& line) {
    if (line.kind == audit::LineKind::record) {
      const auto record = parse_record(line.fields);
      const Known* shape = record ? shape_of(*record, line, filter) : nullptr;
      if (shape == nullptr) return damaged(line, "a record");
      if (!shape->wanted || !is_in_time(line.time, filter) || !wanted(line.id)) return;
      Entry entry = make_entry(line, *record, shape->shape);
      if (filter.subject) {
        pending.emplace(line.id, std::move(entry));
      } else {
        keep(std::move(entry));
      }
    } else if (line.kind == audit::LineKind::outcome) {
      const auto waits = pending.find(line.outcome_of);
      const auto known = times.find(line.outcome_of);
      if (waits == pending.end() && known == times.end()) return;
      auto outcome = parse_outcome(line.fields);
      if (!outcome) return damaged(line, "an outcome");
      outcome->id = line.id;
      outcome->time = line.time;
      if (known != times.end()) {
        Entry& entry = kept.at({known->second, line.outcome_of});
        if (!entry.outcome) entry.outcome = std::move(outcome);
        return;
      }
      Entry entry = std::move(waits->second);
      pending.erase(waits);
      if (!is_about(*outcome, *filter.subject)) return;
      entry.outcome = std::move(outcome);
      keep(std::move(entry));
    }
  });
}

bool FileSource::entries(const Filter& filter, Order order, std::size_t most, const Sink& sink) {
  Kept kept;
  if (!collect(
          filter, [](std::uint64_t) { return true; }, order, most, kept))
    return false;
  if (order == Order::oldest_first) {
    for (const auto& [key, entry] : kept) {
      if (!sink(entry)) break;
    }
  } else {
    for (auto each = kept.rbegin(); each != kept.rend(); ++each) {
      if (!sink(each->second)) break;
    }
  }
  return true;
}

bool FileSource::show(std::uint64_t id, std::optional<Entry>& entry) {
  Kept kept;
  if (!collect(
          {}, [&](std::uint64_t each) { return each == id; }, Order::oldest_first, 1, kept))
    return false;
  if (!kept.empty()) entry = std::move(kept.begin()->second);
  return true;
}

void FileSource::add(Total& total, const Outcome& outcome, bool with_subjects) const {
  total.rows += outcome.rows.value_or(0);
  total.cells_masked += outcome.cells_masked.value_or(0);
  total.failed += outcome.sqlstate.empty() ? 0 : 1;
  if (!with_subjects) return;
  total.subjects_unknown.insert(outcome.subjects_unknown.begin(), outcome.subjects_unknown.end());
  total.subjects_recorded += outcome.subjects_known || !outcome.subjects_unknown.empty() ? 1 : 0;
  for (const Outcome::Subjects& each : outcome.subjects) {
    if (!each.numbers.empty()) total.subjects[each.kind].add(each.numbers);
  }
}

bool FileSource::totals(const Filter& filter, bool with_subjects, std::vector<Total>& totals) {
  std::unordered_map<const Known*, Total> found;
  std::unordered_map<std::uint64_t, Total*> open;  // records without outcome so far
  const bool done = read([&](const audit::ReadLine& line) {
    if (line.kind == audit::LineKind::record) {
      const auto record = parse_record(line.fields);
      const Known* shape = record ? shape_of(*record, line, filter) : nullptr;
      if (shape == nullptr) return damaged(line, "a record");
      if (!shape->wanted || !is_in_time(line.time, filter)) return;
      Total& total = found[shape];
      ++total.records;
      open[line.id] = &total;
    } else if (line.kind == audit::LineKind::outcome) {
      const auto known = open.find(line.outcome_of);
      if (known == open.end()) return;
      const auto outcome = parse_outcome(line.fields);
      if (!outcome) return damaged(line, "an outcome");
      add(*known->second, *outcome, with_subjects);
      open.erase(known);
    }
  });
  if (!done) return false;
  std::unordered_map<std::string, std::string> first;
  for (const auto& [text, known] : shapes_) {
    std::string& time = first.try_emplace(known.shape.fingerprint, known.first).first->second;
    time = std::min(time, known.first);
  }
  for (auto& [known, total] : found) {
    total.shape = known->shape;
    total.fingerprint_since = first[known->shape.fingerprint];
    totals.push_back(std::move(total));
  }
  return true;
}

}  // namespace

std::unique_ptr<Source> open_files(std::filesystem::path directory) {
  return std::make_unique<FileSource>(std::move(directory));
}

}  // namespace pgconsent::audit_database
