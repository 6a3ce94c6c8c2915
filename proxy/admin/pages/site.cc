#include "proxy/admin/pages/site.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "proxy/admin/pages/assets.h"
#include "proxy/admin/pages/context.h"
#include "proxy/admin/pages/csv.h"
#include "proxy/admin/pages/guard.h"
#include "proxy/admin/pages/layout.h"
#include "proxy/admin/pages/secrets.h"

namespace pgconsent::pages {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_jobs_waiting = 128;

Reply plain(const Page& page) {
  return in_frame(page, nullptr);
}

Page page_for(const Context& context, bool& found) {
  const std::string& path = context.request.path;
  found = true;
  if (path == "/overview") return overview_page(context);
  if (path == "/statements") return statements_page(context);
  if (path.starts_with("/statements/")) return statement_page(context, std::string_view(path).substr(12));
  if (path == "/subjects") return subjects_page(context);
  if (path == "/rules") return rules_page(context);
  if (path == "/integrity") return integrity_page(context);
  if (path == "/integrity/verify") return verify_page(context);
  found = false;
  return message_page(404, "Not found", "There is no such page.");
}

bool takes_posts(std::string_view path) {
  return path == "/sign-in" || path == "/sign-out" || path == "/integrity/verify" || path == "/subjects";
}

Page failure_page(const Problem& problem) {
  if (problem.kind == Problem::Kind::timeout)
    return message_page(
        503, "That takes too long",
        "The audit database did not answer in 20 seconds. Choose a shorter period or a narrower filter.");
  if (problem.kind == Problem::Kind::not_set_up)
    return message_page(503, "The audit database is not set up for this",
                        "A view that these pages read is missing there, or the role pgconsent_auditor may "
                        "not read it. The proxy's log says more.");
  return message_page(503, "The audit database does not answer",
                      "The proxy's log says why. Try again in a moment.");
}

}  // namespace

Site::Site(Settings settings, Sources sources)
    : settings_(std::move(settings)),
      sources_(std::move(sources)),
      key_(random_token()),
      by_address_(20, 6s),
      by_user_(10, 30s),
      sessions_(settings_.sessions),
      pool_(settings_.threads, most_jobs_waiting) {}

Site::~Site() {
  stop();
}

void Site::stop() {
  stopped_ = true;
  sessions_.end_all();
  pool_.stop();
}

void Site::tidy() {
  sessions_.tidy(Sessions::Clock::now());
}

void Site::handle(Request request, Done done) {
  const bool secure = request.secure;
  Done protect = [secure, done = std::move(done)](Reply reply) {
    add_protection(reply, secure);
    done(std::move(reply));
  };
  if (stopped_ || key_.empty())
    return protect(plain(message_page(503, "Not available", "The proxy is ending.")));
  if (!is_own_host(request))
    return protect(plain(message_page(
        403, "Refused", "Without TLS these pages answer to localhost, 127.0.0.1 and [::1] only.")));
  if (request.path.starts_with("/assets/")) return protect(asset(request.path));
  const bool post = request.method == Method::post;
  if (post && !takes_posts(request.path)) {
    Reply reply = plain(message_page(405, "Method not allowed", "This page can only be read."));
    reply.headers.emplace_back("Allow", "GET, HEAD");
    return protect(std::move(reply));
  }
  if (post && is_foreign(request))
    return protect(plain(message_page(403, "Refused", "The form was sent by another site.")));
  if (request.path == "/sign-in") {
    if (post) return sign_in(request, protect);
    return protect(sign_in_reply(request, 200, ""));
  }
  const SessionPtr session =
      sessions_.find(request.cookies.get(session_cookie_name(secure)), Sessions::Clock::now());
  if (session == nullptr) {
    std::string next = request.path;
    if (const std::string query = request.query.to_query(); !query.empty()) next += "?" + query;
    return protect(redirect(post || next == "/" ? "/sign-in" : "/sign-in?next=" + encode(next)));
  }
  if (post && !same_secret(session->csrf, request.form.get("csrf")))
    return protect(
        plain(message_page(403, "Refused", "The form's token is not this session's. Load the page again.")));
  if (request.path == "/sign-out") return sign_out(request, session, protect);
  if (request.path == "/") return protect(redirect("/overview"));
  show(std::move(request), session, protect);
}

Reply Site::sign_in_reply(const Request& request, int status, std::string_view problem) {
  const std::string name = sign_in_cookie_name(request.secure);
  std::string token(request.cookies.get(name));
  const bool known = token.size() == 43;
  if (!known) token = random_token();
  const std::string_view next =
      request.method == Method::post ? request.form.get("next") : request.query.get("next");
  Page page = sign_in_page(keyed_digest(key_, token), request.form.get("user"), problem, safe_next(next),
                           request.secure);
  page.status = status;
  Reply reply = plain(page);
  if (!known) reply.headers.emplace_back("Set-Cookie", cookie(name, token, request.secure));
  return reply;
}

void Site::sign_in(const Request& request, const Done& done) {
  const std::string_view token = request.cookies.get(sign_in_cookie_name(request.secure));
  if (token.empty() || !same_secret(keyed_digest(key_, token), request.form.get("csrf")))
    return done(sign_in_reply(request, 403, "The form was too old. Please try again."));
  const std::string user(request.form.get("user"));
  const bool printable = std::none_of(user.begin(), user.end(), [](unsigned char c) { return c < 0x20; });
  if (user.empty() || user.size() > 63 || !printable || request.form.get("password").empty())
    return done(sign_in_reply(request, 403, "Give a role and its password."));
  Limiter::Clock::duration wait{};
  const auto now = Limiter::Clock::now();
  if (!by_address_.take(request.address, now, &wait) || !by_user_.take(user, now, &wait)) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
    Reply reply =
        sign_in_reply(request, 429, "Too many attempts. Wait " + std::to_string(seconds) + " seconds.");
    reply.headers.emplace_back("Retry-After", std::to_string(seconds));
    spdlog::warn("admin pages: too many attempts to sign in from {}", request.address);
    return done(std::move(reply));
  }
  // Attempts wait for the server: they may not hold all threads.
  if (signing_in_.fetch_add(1) >= 2 || !pool_.post([this, request, done] {
        open_session(request, done);
        --signing_in_;
      })) {
    --signing_in_;
    done(sign_in_reply(request, 503, "Others are just signing in. Try again in a moment."));
  }
}

void Site::open_session(const Request& request, const Done& done) {
  using Refusal = Connection::Refusal;
  const std::string user(request.form.get("user"));
  auto [connection, refusal, why] =
      Connection::open(settings_.target, user, std::string(request.form.get("password")));
  if (connection == nullptr) {
    spdlog::warn("admin pages: \"{}\" could not sign in from {}: {}", user, request.address, why);
    if (refusal == Refusal::unreachable)
      return done(sign_in_reply(request, 503,
                                "The audit database can't be reached, or takes no connection of this role. "
                                "The proxy's log says why."));
    // Whether the role or the password is wrong is nobody's business; that it lacks the right is told to who
    // knows both.
    std::string_view text = "Role or password are wrong.";
    if (refusal == Refusal::no_password_asked)
      text =
          "The audit database does not ask this role for a password, so that anybody could sign in: change "
          "its pg_hba.conf.";
    if (refusal == Refusal::superuser)
      text = "A superuser may not sign in here. Use a role of its own for audits.";
    if (refusal == Refusal::not_an_auditor) text = "This role is not a member of pgconsent_auditor.";
    return done(sign_in_reply(request, 403, text));
  }
  by_address_.give_back(request.address);
  by_user_.give_back(user);
  const std::string token = sessions_.add(user, std::move(connection), Sessions::Clock::now());
  if (token.empty())
    return done(sign_in_reply(request, 503, "Too many people are signed in. Try again later."));
  spdlog::info("admin pages: \"{}\" signed in from {}", user, request.address);
  Reply reply = redirect(safe_next(request.form.get("next")));
  reply.headers.emplace_back("Set-Cookie",
                             cookie(session_cookie_name(request.secure), token, request.secure));
  reply.headers.emplace_back("Set-Cookie", cookie(sign_in_cookie_name(request.secure), "", request.secure));
  done(std::move(reply));
}

void Site::sign_out(const Request& request, const SessionPtr& session, const Done& done) {
  sessions_.remove(session);
  Reply reply = redirect("/sign-in");
  reply.headers.emplace_back("Set-Cookie", cookie(session_cookie_name(request.secure), "", request.secure));
  reply.headers.emplace_back("Clear-Site-Data", "\"cache\"");
  done(std::move(reply));
}

void Site::show(Request request, const SessionPtr& session, const Done& done) {
  const bool taken = run(session, [this, request = std::move(request), session, done](
                                      Connection& connection) { done(make(request, session, connection)); });
  if (!taken)
    done(plain(message_page(503, "Too much at once",
                            "Earlier pages of yours are still being made. Try again in a moment.")));
}

Reply Site::make(const Request& request, const SessionPtr& session, Connection& connection) {
  const Context context{request, session->user, session->csrf, connection, sources_, now_in_seconds()};
  const Viewer viewer{session->user, session->csrf};
  try {
    if (request.path == "/statements.csv")
      return csv_reply(context, [this, session](Session::Job job) { return run(session, std::move(job)); });
    bool found = false;
    Page page = page_for(context, found);
    return page.location.empty() ? in_frame(page, &viewer) : redirect(std::move(page.location));
  } catch (const QueryFailed& failed) {
    spdlog::warn("admin pages: {}", failed.what());
    if (failed.problem.kind == Problem::Kind::lost) {
      sessions_.remove(session);
      return redirect("/sign-in");
    }
    return in_frame(failure_page(failed.problem), &viewer);
  } catch (const std::exception& e) {  // out of memory
    spdlog::error("admin pages: {}", e.what());
    return in_frame(message_page(500, "This failed", "The proxy's log says why."), &viewer);
  }
}

bool Site::run(const SessionPtr& session, Session::Job job) {
  bool first = false;
  if (!session->add(std::move(job), first)) return false;
  if (first) run_next(session);
  return true;
}

void Site::run_next(const SessionPtr& session) {
  const bool posted = pool_.post([this, session] {
    bool more = false;
    try {
      more = session->run_one();
    } catch (const std::exception& e) {  // out of memory; what it holds is answered by being dropped
      spdlog::error("admin pages: {}", e.what());
      return sessions_.remove(session);
    }
    if (more) run_next(session);
  });
  if (!posted) session->end();
}

}  // namespace pgconsent::pages
