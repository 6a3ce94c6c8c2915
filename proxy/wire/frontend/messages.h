// Everything a client sends after the startup packet, for tests and fuzzing; other code includes the message
// it means.
#pragma once

#include "proxy/wire/frontend/bind.h"
#include "proxy/wire/frontend/close.h"
#include "proxy/wire/frontend/copy_data.h"
#include "proxy/wire/frontend/copy_done.h"
#include "proxy/wire/frontend/copy_fail.h"
#include "proxy/wire/frontend/describe.h"
#include "proxy/wire/frontend/execute.h"
#include "proxy/wire/frontend/flush.h"
#include "proxy/wire/frontend/function_call.h"
#include "proxy/wire/frontend/gss_response.h"
#include "proxy/wire/frontend/parse.h"
#include "proxy/wire/frontend/password_message.h"
#include "proxy/wire/frontend/query.h"
#include "proxy/wire/frontend/sasl_initial_response.h"
#include "proxy/wire/frontend/sasl_response.h"
#include "proxy/wire/frontend/sync.h"
#include "proxy/wire/frontend/terminate.h"
