// The session's state and its parts. One file per concern: startup.cc, authentication.cc, client_messages.cc,
// simple_query.cc, key_lookup.cc, extended_query.cc, prepared.cc, by_name.cc, snapshot_age.cc, settle.cc,
// decide.cc, audit_trail.cc, outcomes.cc, server_messages.cc, witness.cc, errors.cc.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/catalog/loader.h"
#include "proxy/session/counters.h"
#include "proxy/session/in_flight.h"
#include "proxy/session/key_lookups.h"
#include "proxy/session/name_table.h"
#include "proxy/session/pending_outcomes.h"
#include "proxy/session/session.h"
#include "proxy/session/startup_options.h"
#include "proxy/session/state_query.h"
#include "proxy/session/state_table.h"
#include "proxy/session/withheld.h"
#include "proxy/wire/error_fields.h"
#include "proxy/wire/framer.h"
#include "proxy/wire/frontend/bind.h"

namespace pgconsent::session {

// decide.cc, by_name.cc
bool is_refused(const enforce::Plan& plan);
enforce::PlanPtr alone(const enforce::Plan& plan, const enforce::Statement& statement);

class Session::Impl {
 public:
  Impl(SessionConfig config, const wire::StartupPacket& startup, enforce::Planner* planner, audit::Log* log);
  ~Impl() { session_ended(); }

  Action start(Output& out);
  Action on_client(std::string_view bytes, Output& out);
  Action on_server(std::string_view bytes, Output& out);
  Action on_catalog(Output& out);
  Action on_client_eof(Output& out);
  Action on_server_eof(Output& out);
  bool waits_for_audit() const { return audit_awaited_ != 0; }
  bool audit_is_due() const;
  void terminate(std::string_view reason, Output& out);
  bool is_idle() const;
  bool is_authenticated() const { return phase_ == Phase::settling || phase_ == Phase::ready; }
  bool wants_client_input() const { return !held_ && !reload_pending_; }
  std::uint64_t wanted_catalog() const { return wanted_catalog_; }
  std::string_view cancel_key() const { return cancel_key_; }

 private:
  enum class Phase {
    authenticating,
    settling,  // authenticated; the client waits for its first ReadyForQuery until the state is known
    ready,
    closed,
  };
  static constexpr std::size_t max_prepared_statements = 10000, max_cursors = 4096;
  enum class Own { none, state, catalog, prepare, isolation };  // the proxy's own query in flight

  // startup.cc
  Action open(Output& out, std::string_view client, std::string_view server);
  Action finish();

  // authentication.cc
  bool client_in_authentication(const wire::Header& header);
  void server_in_authentication(const wire::Header& header);
  void authentication_request(const wire::Header& header);
  void offer_mechanisms(const wire::Header& header, std::string_view data);
  void first_ready_for_query(const wire::Header& header);

  // client_messages.cc: false means that the message stays where it is: more bytes or an answer is needed.
  void pump_client();
  bool valid_client_header(const wire::Header& header);
  void relay_client(const wire::Header& header);
  bool client_message(const wire::Header& header);
  bool client_in_copy(const wire::Header& header);
  bool ready_message(const wire::Header& header);
  bool on_function_call(const wire::Header& header);
  bool wait() { return held_ = true, false; }

  // simple_query.cc
  bool on_query(const wire::Header& header);
  void send_query(const wire::Header& header, const enforce::PlanPtr& plan);

  // key_lookup.cc
  bool send_key_lookup(const wire::Header& header, const enforce::PlanPtr& plan);

  // extended_query.cc
  bool on_parse(const wire::Header& header);
  bool on_bind(const wire::Header& header);
  bool on_describe(const wire::Header& header);
  bool on_execute(const wire::Header& header);
  bool on_close(const wire::Header& header);
  bool on_sync(const wire::Header& header);
  void batch_ends();
  // What all of these begin and end with. Unfit: refused (true) or not whole yet (false).
  template <typename Message>
  std::optional<bool> unfit(const wire::Header& header, Message& message, std::string_view Message::*name);
  std::optional<bool> unfit_name(const wire::Header& header, std::string_view name);
  bool refuse_message(const wire::Header& header, const enforce::PlanPtr& plan);
  void sent(Entry&& entry);

  // prepared.cc
  enum class Currency { unknown, current, replaced, refused, wait };
  Currency make_current(std::string_view name, PreparedPtr& statement, const enforce::Plan* user = nullptr);
  enforce::PlanPtr plan_again(const std::string& text, const enforce::Plan* user);
  void prepare_again(std::string_view name, const PreparedPtr& old, const PreparedPtr& fresh);
  void prepare_aside(std::string_view name, PreparedPtr fresh);
  void prepared_aside(bool failed);
  bool same_purpose(std::string_view source, std::string_view purpose) const;
  bool still_holds(Portal& portal);
  bool is_just_bound(const Portal& portal) const;
  std::optional<parser::SqlError> portal_objection(Portal& portal);

  // by_name.cc
  // The plan with what its EXECUTE and FETCH refer to; null: the client's message has to wait.
  enforce::PlanPtr with_names(const enforce::PlanPtr& plan, bool runs = true);
  bool may_be_explained(const enforce::Statement& run, const enforce::PlanPtr& plan);
  void names_changed(const Entry& entry, const enforce::Statement& statement, std::string_view tag);

  // snapshot_age.cc
  enum class Snapshot { fits, wait, too_old };
  Snapshot snapshot_for(const enforce::Plan& plan);
  std::chrono::milliseconds max_snapshot_age() const;
  bool is_too_old(SnapshotAge::Time snapshot) const;
  static bool makes_holdable(const enforce::Plan& plan);
  bool outside_transaction() const;
  void transaction_may_end(bool demanded);
  bool isolation_row(std::span<const std::optional<std::string_view>> fields);
  parser::SqlError snapshot_error(bool cursor) const;

  // decide.cc
  // The plan for a text; null: a newer catalog or the state was asked for.
  enforce::PlanPtr decide(std::string_view text);
  enforce::PlanPtr plan_for(std::string_view text);
  enforce::PlanPtr decide_restricted(std::string_view text);
  enforce::PlanPtr refusal(std::string_view text, parser::SqlError error, bool audited = true) const;
  enforce::PlanPtr silent_refusal(std::string_view text) const;
  enforce::PlanPtr if_permitted(enforce::PlanPtr plan);
  void demand_catalog(std::uint64_t newer_than);

  // settle.cc
  bool unsettled() const { return state_dirty_ || needs_reload_ || private_stale_ || names_sent_; }
  // In a failed transaction nothing can be asked: only its end gets through.
  bool restricted() const { return transaction_ == 'E' && unsettled(); }
  bool settled();
  bool drained();
  std::uint64_t catalog_in_force();
  void ask_state();
  void ask_catalog();
  void begin_own(Own own);
  void ask(std::string_view sql, std::uint32_t index);
  void end_own();
  void own_row(const wire::Header& header);
  void own_finished();
  void state_known();
  void sent_effects(std::uint32_t effects);
  void transaction_ended();
  void set_private_catalog(parser::SnapshotPtr catalog);

  // audit_trail.cc
  void audit_sent(Entry& entry, const enforce::Plan& plan, bool refused_only);
  bool audit_answer(Entry& entry);
  std::string_view audited_purpose() const;
  audit::Record record_of(const enforce::Plan* plan) const;
  // What became known only while it ran: a fault, or a row that refused.
  void audit_failure(const Entry* entry, std::string_view reason,
                     enforce::Decision decision = enforce::Decision::untouched);
  bool audit_writable();

  // outcomes.cc
  void statement_ended(Entry& entry, std::string_view tag);
  void entry_failed(Entry& entry, std::string_view sqlstate);
  void entry_lost(Entry& entry);
  void append_outcome(Entry& entry, audit::Outcome outcome);
  void end_outcome(Entry& entry, audit::Outcome& outcome);

  // disclosed.cc: whose data the rows show
  bool row(const wire::Header& header, bool fits);
  bool trace_row(const wire::Header& header);
  void begin_trace(const Entry& entry);
  void end_trace(const Entry& entry, audit::Outcome& outcome);
  bool asks_values(std::string_view name) const;
  std::shared_ptr<const BoundValues> bound_values(const wire::Header& header,
                                                  const PreparedStatement& statement);
  void next_statement();
  void session_ended();

  // server_messages.cc
  bool server_message(const wire::Header& header);
  bool answer(const wire::Header& header);
  bool completed(const wire::Header& header);
  void statement_completed(const Entry& entry, std::string_view tag);
  bool copy_response(const wire::Header& header);
  bool expect(const wire::Header& header, bool fits, bool last);
  bool ready_for_query(const wire::Header& header);
  void parameter_status(const wire::Header& header);
  bool relay_server(const wire::Header& header);
  void pump_server();
  void pop_entry(bool confirmed);
  void forward(const wire::Header& header, const Entry& entry);
  bool nonsense();

  // witness.cc
  bool row_description(const wire::Header& header);
  bool witness(std::string_view body, const enforce::Statement* statement, std::string& sent);
  const enforce::Statement* statement_of(const Entry& entry) const;

  // errors.cc
  bool error_response(const wire::Header& header);
  bool notice_response(const wire::Header& header);
  Circumstances circumstances(const Entry* entry) const;
  // Returns the SQLSTATE that the client got, as the audit may say it.
  std::string_view write_error(const wire::Header& header, const Entry* entry);
  std::string_view replaced_error(const wire::ErrorFields& fields, const Entry* entry);
  bool clean_fields(wire::ErrorFields& fields, const Entry* entry, std::deque<std::string>& texts) const;
  void after_error(bool own);
  void drop_to_sync();
  void fatal(const parser::SqlError& error);
  void fatal(std::string_view sqlstate, std::string message);

  SessionConfig config_;
  enforce::Planner* planner_;  // null: passed through
  audit::Log* log_;
  wire::StartupPacket client_startup_;  // until start()
  std::string user_, database_, application_name_, cancel_key_;

  Output* out_ = nullptr;  // of the call
  wire::Framer client_, server_;
  Action action_ = Action::none;
  Phase phase_ = Phase::authenticating;

  bool password_expected_ = false;  // the server waits for a 'p' of the client
  bool first_sasl_response_ = false;

  InFlight in_flight_;
  NameTable<PreparedPtr> statements_;
  KeyLookups key_lookups_;
  NameTable<PortalPtr> portals_;  // null: unknown (made by a function)

  std::size_t relay_pending_ = 0;  // passed through: messages that a ReadyForQuery will answer
  char transaction_ =
      'I';  // as the last ReadyForQuery said; 'T' too once the end of a failed one went through
  bool end_sent_ = false;      // …that may have been left unanswered: a COMMIT, ROLLBACK, …
  bool unsynced_ = false;      // messages of the extended protocol were sent since the last Sync
  std::uint64_t batch_ = 1;    // of the client's messages that end together
  bool flushed_ = false;       // a Flush followed the last of them
  bool skipping_ = false;      // the server skips everything until a Sync that was not sent yet
  bool copy_barrier_ = false;  // a text that may be a COPY was sent: nothing else is until its answer
  bool copy_in_ = false;       // the server waits for CopyData
  bool copy_sync_dropped_ = false, copy_data_sent_ = false;
  bool held_ = false;          // input of the client waits for an answer of the server
  bool terminated_ = false;    // the client said goodbye
  bool server_fatal_ = false;  // the server did

  std::uint64_t audit_awaited_ = 0;  // an answer waits for this record to be written; 0: none does
  struct Witnessed {
    enforce::SharedList<enforce::Statement> statements;
    const enforce::Statement* statement = nullptr;  // one of them
    std::string description, sent;                  // `sent` is empty where the description passed as it came
  } witnessed_;                                     // the last one that fitted
  std::uint64_t decision_us_ = 0;                   // what the last decision took: for the audit only
  PendingOutcomes outcomes_;
  enum class Tracing { fresh, off, on };
  Tracing tracing_ = Tracing::fresh;  // of the statement in front
  std::unique_ptr<SubjectTrace> trace_;
  std::vector<std::uint16_t> row_formats_;  // as its RowDescription says; empty: all text
  wire::frontend::Bind bind_;
  bool utf8_ = true;
  std::uint64_t rows_ = 0;                  // of the statement in front, that have gone to the client
  SnapshotAge::Time ended_{};               // of the statement before it, while outcomes are pending
  std::string_view batch_error_ = "08006";  // why what is in flight will not be answered

  StatePtr state_;
  bool state_dirty_ = false;         // something was sent that may have changed the state
  bool state_changes_sent_ = false;  // …in a transaction that may still be rolled back
  bool ddl_sent_ = false;            // likewise DDL
  bool names_sent_ = false;          // a PREPARE, DECLARE, … : what names mean is known after its answer
  bool private_stale_ = false;       // the transaction's own catalog must be read again
  bool needs_reload_ = false;        // DDL was committed: the shared catalog is stale
  bool touched_ = false;             // the transaction has used protected relations
  bool row_code_sent_ = false;       // … or run what sees raw rows, perhaps for its end
  bool reload_pending_ = false, catalog_fresh_ = false;
  std::uint64_t wanted_catalog_ = 0, state_catalog_ = 0;  // state_catalog_: in force when the state was asked
  std::optional<parser::SqlError> purpose_error_;
  std::string startup_purpose_, startup_purpose_source_;  // what the session began with: "role" or "startup"
  bool unsafe_strings_ = false, unsafe_encoding_ = false;

  Own own_ = Own::none;
  bool own_failed_ = false;
  int own_failures_ = 0;
  std::string own_error_;
  std::unique_ptr<StateReader> state_reader_;
  std::unique_ptr<catalog::SnapshotBuilder> catalog_builder_;
  std::string aside_name_;  // of what is being prepared (Own::prepare)
  PreparedPtr aside_;
  std::string failed_aside_;  // a name that could not be prepared again for the message in hand
};

}  // namespace pgconsent::session
