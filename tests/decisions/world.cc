#include "tests/decisions/world.h"

#include <fmt/format.h>

#include <set>

namespace pgconsent::reference {

namespace {
constexpr const char* regimes[] = {"gdpr", "lgpd", "ccpa"};
constexpr int subject_count = 24;
}  // namespace

World::World(unsigned seed) : random_(seed) {
  text_keys = chance(40);
  with_regime = chance(60);
  make_source();
  make_purposes();
  make_subjects();
  make_rows();
}

void World::make_source() {
  source.kind = chance(35) ? Source::Kind::column : Source::Kind::table;
  source.tells_restriction = chance(50);
  source.tells_objections = chance(60);
  if (source.kind == Source::Kind::column) {
    for (int p = 0; p < purpose_count; ++p) {
      source.has_flag.push_back(p == 0 || chance(70));
      source.has_objection.push_back(source.tells_objections && chance(60));
    }
    return;
  }
  source.by_purpose = chance(75);
  source.by_category = chance(50);
  source.times = chance(60);
  unique = chance(40);
  source.history = !unique && chance(50);
}

void World::make_purposes() {
  purposes.resize(purpose_count);
  for (int p = 0; p < purpose_count; ++p) {
    if (p > 0 && chance(50)) purposes[p].wider = pick(p);
    purposes[p].under_restriction = chance(25);
    for (int c = 0; c < category_count; ++c) {
      if (chance(15)) continue;
      CategoryBases& bases = purposes[p].categories[c];
      if (with_regime && chance(50)) {
        for (const char* regime : regimes) {
          if (chance(75)) bases.by_regime[regime] = make_bases(p);
        }
      }
      if (bases.by_regime.empty()) bases.bases = make_bases(p);
    }
  }
}

bool World::takes_objections(int purpose) const {
  if (source.kind == Source::Kind::table) return source.tells_objections;
  return source.has_objection[purpose] ||
         (purposes[purpose].wider && takes_objections(*purposes[purpose].wider));
}

Bases World::make_bases(int purpose) {
  Bases bases;
  std::set<std::pair<Listed::Basis, std::pair<Listed::When, bool>>> seen;
  for (int n = chance(70) ? 1 : 2; n > 0; --n) {
    Listed listed;
    listed.basis = chance(50)                                ? Listed::Basis::consent
                   : takes_objections(purpose) && chance(60) ? Listed::Basis::legitimate_interests
                                                             : Listed::Basis::declared;
    if (chance(listed.basis == Listed::Basis::declared ? 65 : 15)) {
      listed.when = static_cast<Listed::When>(pick(4));
      listed.until = chance(40);
    }
    if (seen.insert({listed.basis, {listed.when, listed.until}}).second) bases.push_back(listed);
  }
  return bases;
}

void World::make_subjects() {
  subjects.resize(subject_count);
  for (Subject& subject : subjects) {
    subject.exists = chance(92);
    if (!chance(15)) subject.regime = chance(15) ? "pipl" : regimes[pick(3)];
    subject.member = chance(50);
    subject.has_order = chance(50);
    subject.restricted = chance(70) ? std::optional(false) : flag();
    for (int p = 0; p < purpose_count; ++p) {
      subject.flags.push_back(flag());
      subject.objections.push_back(flag());
    }
    if (source.kind != Source::Kind::table) continue;
    std::set<std::pair<std::optional<int>, std::optional<int>>> seen;
    for (int n = pick(unique ? 9 : 12); n > 0; --n) {
      Record record;
      if (!chance(4)) record.purpose = pick(purpose_count);
      if (!chance(4)) record.category = pick(category_count);
      record.status = chance(4) ? 0 : "gggggwor"[pick(8)];
      record.from = chance(80) ? -pick(900) - 1 : pick(300) + 1;
      if (chance(50)) record.until = chance(70) ? pick(500) + 1 : -pick(500) - 1;
      if (!chance(5)) record.order = pick(6);
      // What is no column of the records does not tell them apart.
      if (!source.by_purpose) record.purpose = std::nullopt;
      if (!source.by_category) record.category = std::nullopt;
      if (unique && (!seen.insert({record.purpose, record.category}).second)) continue;
      subject.records.push_back(record);
    }
  }
}

void World::make_rows() {
  auto add = [&](const std::string& table, int id, bool all, std::vector<std::optional<int>> keys) {
    WorldRow out{id, {}, std::move(keys)};
    out.row.all = all;
    if (!chance(10)) out.row.active = chance(60);
    if (!chance(10)) out.row.made = chance(60) ? -pick(360) - 2 : -pick(900) - 370;
    for (const auto& key : out.keys) out.row.subjects.push_back(key ? &subjects[*key] : nullptr);
    tables[table].push_back(std::move(out));
  };
  auto any_key = [&] { return chance(10) ? std::nullopt : std::optional(pick(subject_count)); };
  for (int s = 0; s < subject_count; ++s) {
    if (subjects[s].exists) add("people", s, true, {s});
  }
  for (int i = 0; i < 24; ++i) add("notes", i, true, {any_key()});
  for (int i = 0; i < 24; ++i) add("owned", i, true, {pick(subject_count)});
  for (int i = 0; i < 20; ++i) add("pairs", i, true, {any_key(), any_key()});
  for (int i = 0; i < 20; ++i) add("either", i, false, {any_key(), any_key()});
  // The key lies two foreign keys away: lines -> papers -> notes.
  for (int i = 0; i < 24; ++i) {
    const int note = pick(28);  // some are dangling
    add("lines", i, true, {note < 24 ? tables["notes"][note].keys[0] : std::nullopt});
    tables["lines"].back().keys.push_back(note);
  }
}

std::string World::key(int subject) const {
  return text_keys ? fmt::format("'s{}'", subject) : std::to_string(subject);
}

}  // namespace pgconsent::reference
