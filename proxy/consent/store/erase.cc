#include <fmt/format.h>

#include "proxy/consent/store/client_impl.h"

namespace pgconsent::consent {

Outcome StoreClient::erase(const Erasure& erasure, ErasureResult& result) {
  return impl_->guarded([&]() -> Outcome {
    pqxx::work work(impl_->open());
    const std::string kind = work.quote(erasure.kind);
    if (work.exec("SELECT FROM pgconsent.subject_kind WHERE name = " + kind).empty())
      return {fmt::format(
          "consent of subject kind \"{}\" is not kept in the built-in store: withdraw it where it is",
          erasure.kind)};
    const auto event = [&](const char* type, const char* purpose) {
      return fmt::format(
          "ROW({}, '{}', {}, {}, {}, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
          "session_user::text, {}, {})::pgconsent.event_input",
          "pg_catalog.row_number() OVER (ORDER BY p.purpose)", type, kind, work.quote(erasure.subject),
          purpose, work.quote(erasure.method), work.quote(erasure.evidence));
    };
    const std::string restriction = fmt::format(
        "ROW(100000, '{}', {}, {}, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
        "session_user::text, {}, {})::pgconsent.event_input",
        restrict_if_free, kind, work.quote(erasure.subject), work.quote(erasure.method),
        work.quote(erasure.evidence));
    const pqxx::result problems =
        work.exec(fmt::format("SELECT a.reason FROM pgconsent.apply(ARRAY(SELECT {} FROM (SELECT DISTINCT "
                              "purpose FROM pgconsent.pair) p) || {}) a",
                              event(withdraw_if_given, "p.purpose"), restriction));
    if (!problems.empty()) return {problems[0][0].c_str()};
    for (const auto& row :
         work.exec("SELECT event_type, purpose FROM pgconsent.consent_event WHERE subject_kind = " + kind +
                   " AND xid = pg_catalog.pg_current_xact_id() ORDER BY id")) {
      if (row[1].is_null()) {
        result.restricted = true;
      } else {
        result.withdrawn.emplace_back(row[1].c_str());
      }
    }
    work.commit();
    return {};
  });
}

}  // namespace pgconsent::consent
