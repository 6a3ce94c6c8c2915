// A world as rules.yaml and as SQL.
#include <fmt/format.h>

#include "tests/decisions/world.h"

namespace pgconsent::reference {

namespace {

std::string basis_yaml(const Listed& listed) {
  const char* name = listed.basis == Listed::Basis::consent                ? "consent"
                     : listed.basis == Listed::Basis::legitimate_interests ? "legitimate_interests"
                                                                           : "contract";
  std::string depends;
  switch (listed.when) {
    case Listed::When::always:
      break;
    case Listed::When::row_active:
      depends = "when: active";
      break;
    case Listed::When::subject_member:
      depends = "when: subject.member";
      break;
    case Listed::When::subject_order:
      depends = "when: \"EXISTS (SELECT 1 FROM w.orders o WHERE o.person = subject.id AND is_open)\"";
      break;
  }
  if (listed.until)
    depends += std::string(depends.empty() ? "" : ", ") + "until: \"row.made + interval '365 days'\"";
  return depends.empty() ? name : fmt::format("{{{}: {{{}}}}}", name, depends);
}

std::string bases_yaml(const Bases& bases) {
  std::string list;
  for (const Listed& listed : bases) list += (list.empty() ? "" : ", ") + basis_yaml(listed);
  return "[" + list + "]";
}

std::string category_yaml(const CategoryBases& bases) {
  if (bases.by_regime.empty()) return bases_yaml(bases.bases);
  std::string map;
  for (const auto& [regime, listed] : bases.by_regime)
    map += fmt::format("{}{}: {}", map.empty() ? "" : ", ", regime, bases_yaml(listed));
  return "{" + map + "}";
}

std::string flag_sql(const std::optional<bool>& flag) {
  return !flag ? "NULL" : *flag ? "true" : "false";
}

std::string days_sql(const std::optional<int>& days) {
  return days ? fmt::format("now() + interval '{} days'", *days) : "NULL";
}

std::string number_sql(const std::optional<int>& number) {
  return number ? std::to_string(*number) : "NULL";
}

std::string label_sql(char prefix, const std::optional<int>& number) {
  return number ? fmt::format("'{}{}'", prefix, *number) : "NULL";
}

}  // namespace

std::string World::yaml() const {
  std::string out =
      fmt::format("version: 1\nsubjects: {{person: {{table: w.people, key: id{}}}}}\nconsent:\n  person:\n",
                  with_regime ? ", regime: law" : "");
  if (source.kind == Source::Kind::column) {
    std::string flags, objections;
    for (int p = 0; p < purpose_count; ++p) {
      if (source.has_flag[p]) flags += fmt::format("{}p{}: ok{}", flags.empty() ? "" : ", ", p, p);
      if (source.has_objection[p])
        objections += fmt::format("{}p{}: no{}", objections.empty() ? "" : ", ", p, p);
    }
    out += fmt::format("    source: column\n    columns: {{{}}}\n", flags);
    if (!objections.empty()) out += fmt::format("    objections: {{{}}}\n", objections);
    if (source.tells_restriction) out += "    restricted: restricted\n";
  } else {
    out += "    source: table\n    table: w.records\n    subject: person\n    given: status = 'g'\n";
    if (source.by_purpose) out += "    purpose: purpose\n";
    if (source.by_category) out += "    category: category\n";
    if (source.times) out += "    valid_from: since\n    valid_until: till\n";
    if (source.history) out += "    history: n\n";
    if (source.tells_objections) out += "    objected: status = 'o'\n";
    if (source.tells_restriction) out += "    restricted: status = 'r'\n";
  }
  out += "purposes:\n";
  std::string all;
  for (int p = 0; p < purpose_count; ++p) {
    std::string bases;
    for (const auto& [category, listed] : purposes[p].categories)
      bases += fmt::format("{}c{}: {}", bases.empty() ? "" : ", ", category, category_yaml(listed));
    out += fmt::format("  p{}: {{description: x{}{}, lawful_basis: {{{}}}}}\n", p,
                       purposes[p].wider ? fmt::format(", narrows: p{}", *purposes[p].wider) : "",
                       purposes[p].under_restriction ? ", under_restriction: allow" : "", bases);
    all += fmt::format("{}p{}", all.empty() ? "" : ", ", p);
  }
  const std::pair<const char*, const char*> paths[] = {
      {"people", "{person: id}"},
      {"notes", "{person: a}"},
      {"owned", "{person: a}"},
      {"pairs", "{all: [{person: a}, {person: b}]}"},
      {"either", "{any: [{person: a}, {person: b}]}"},
      {"lines",
       "{person: {through: w.papers, on: {paper: id}, key: {through: w.notes, on: {note: id}, key: a}}}"}};
  out += "tables:\n";
  for (const auto& [table, path] : paths) {
    out += fmt::format("  w.{}:\n    subject: {}\n    other_columns: public\n    columns:\n", table, path);
    for (int c = 0; c < category_count; ++c) out += fmt::format("      v{0}: {{category: c{0}}}\n", c);
  }
  return out + "applications: [{role: app, purposes: [" + all + "]}]\n";
}

std::string World::sql() const {
  const char* type = text_keys ? "text" : "bigint";
  std::string values = "active boolean, made timestamptz";
  for (int c = 0; c < category_count; ++c) values += fmt::format(", v{} text NOT NULL DEFAULT 'raw'", c);
  std::string flags;
  for (int p = 0; p < purpose_count; ++p) flags += fmt::format(", ok{0} boolean, no{0} boolean", p);
  std::string out = fmt::format(
      "DROP SCHEMA IF EXISTS w CASCADE; CREATE SCHEMA w; BEGIN;"
      "CREATE TABLE w.people (id {0} PRIMARY KEY, law text, member boolean, restricted boolean{2}, {1});"
      "CREATE TABLE w.notes (id int PRIMARY KEY, a {0}, {1}); CREATE TABLE w.owned (id int PRIMARY KEY, a "
      "{0} NOT NULL, {1});"
      "CREATE TABLE w.pairs (id int PRIMARY KEY, a {0}, b {0}, {1}); CREATE TABLE w.either (id int PRIMARY "
      "KEY, a {0}, b {0}, {1});"
      "CREATE TABLE w.papers (id int PRIMARY KEY, note int); CREATE TABLE w.lines (id int PRIMARY KEY, paper "
      "int, {1});"
      "CREATE TABLE w.orders (person {0}, is_open boolean);"
      "CREATE TABLE w.records (person {0}, purpose text, category text, status text, since timestamptz, till "
      "timestamp, n int);",
      type, values, flags);
  if (unique) {
    out += fmt::format("CREATE UNIQUE INDEX ON w.records (person{}{});", source.by_purpose ? ", purpose" : "",
                       source.by_category ? ", category" : "");
  }
  for (std::size_t s = 0; s < subjects.size(); ++s) {
    const Subject& subject = subjects[s];
    const std::string id = key(static_cast<int>(s));
    out += fmt::format("INSERT INTO w.orders VALUES ({0}, {1}), ({0}, false);", id, subject.has_order);
    for (const Record& r : subject.records) {
      out += fmt::format(
          "INSERT INTO w.records VALUES ({}, {}, {}, {}, {}, ({})::timestamptz AT TIME ZONE 'UTC', {});", id,
          label_sql('p', r.purpose), label_sql('c', r.category),
          r.status == 0 ? "NULL" : fmt::format("'{}'", r.status), days_sql(r.from), days_sql(r.until),
          number_sql(r.order));
    }
  }
  for (const auto& [table, rows] : tables) {
    for (const WorldRow& each : rows) {
      std::string keys, names;
      if (table == "people") {
        const Subject& subject = subjects[each.id];
        keys =
            key(each.id) + fmt::format(", {}, {}, {}", subject.regime ? "'" + *subject.regime + "'" : "NULL",
                                       subject.member, flag_sql(subject.restricted));
        names = "id, law, member, restricted";
        for (int p = 0; p < purpose_count; ++p) {
          keys += ", " + flag_sql(subject.flags[p]) + ", " + flag_sql(subject.objections[p]);
          names += fmt::format(", ok{0}, no{0}", p);
        }
      } else if (table == "lines") {
        out += fmt::format("INSERT INTO w.papers VALUES ({}, {});", each.id, *each.keys[1]);
        keys = fmt::format("{0}, {0}", each.id);
        names = "id, paper";
      } else {
        keys = std::to_string(each.id);
        for (const auto& subject : each.keys) keys += ", " + (subject ? key(*subject) : "NULL");
        names = each.keys.size() > 1 ? "id, a, b" : "id, a";
      }
      out += fmt::format("INSERT INTO w.{} ({}, active, made) VALUES ({}, {}, {});", table, names, keys,
                         flag_sql(each.row.active), days_sql(each.row.made));
    }
  }
  return out + "COMMIT; ANALYZE w.records;";
}

}  // namespace pgconsent::reference
