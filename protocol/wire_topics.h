#pragma once

#include "protocol/messages.h"
#include "protocol/wire.capnp.h"
#include "protocol/wire_parts.h"

/// One put() and one get() for every message: put() fills the schema's struct, get() reads it with all
/// limits. wire.cpp chooses among them; nobody else includes this.
namespace reeve::wire {

// wire_session.cpp
void put(schema::Hello::Builder out, const msg::Hello& in);
void put(schema::Welcome::Builder out, const msg::Welcome& in);
void put(schema::Enrol::Builder out, const msg::Enrol& in);
void put(schema::Query::Builder out, const msg::Query& in);
void put(schema::FetchResults::Builder out, const msg::FetchResults& in);
void put(schema::Subscribe::Builder out, const msg::Subscribe& in);
void put(schema::JobUpdate::Builder out, const msg::JobUpdate& in);
void put(schema::Goodbye::Builder out, const msg::Goodbye& in);
void put(schema::Error::Builder out, const Error& in);
msg::Hello get(schema::Hello::Reader in);
msg::Welcome get(schema::Welcome::Reader in);
msg::Enrol get(schema::Enrol::Reader in);
msg::Query get(schema::Query::Reader in);
msg::FetchResults get(schema::FetchResults::Reader in);
msg::Subscribe get(schema::Subscribe::Reader in);
msg::JobUpdate get(schema::JobUpdate::Reader in);
msg::Goodbye get(schema::Goodbye::Reader in);
Error get(schema::Error::Reader in);

// wire_commands.cpp
void put(schema::Commands::Builder out, const msg::Commands& in);
msg::Commands get(schema::Commands::Reader in);

// wire_replies.cpp
void put(schema::Replies::Builder out, const msg::Replies& in);
msg::Replies get(schema::Replies::Reader in);

// wire_agents.cpp
void put(schema::Kernel::Builder out, const KernelVersion& in);
void put(schema::Iteration::Builder out, const Iteration& in);
void put(schema::AgentHello::Builder out, const msg::AgentHello& in);
void put(schema::Credit::Builder out, const msg::Credit& in);
void put(schema::Heartbeat::Builder out, const msg::Heartbeat& in);
void put(schema::Assign::Builder out, const msg::Assign& in);
void put(schema::CancelAttempts::Builder out, const msg::CancelAttempts& in);
KernelVersion get(schema::Kernel::Reader in);
Iteration get(schema::Iteration::Reader in);
msg::AgentHello get(schema::AgentHello::Reader in);
msg::Credit get(schema::Credit::Reader in);
msg::Heartbeat get(schema::Heartbeat::Reader in);
msg::Assign get(schema::Assign::Reader in);
msg::CancelAttempts get(schema::CancelAttempts::Reader in);

// wire_reports.cpp
void put(schema::Report::Builder out, const msg::Report& in);
void put(schema::ReportAck::Builder out, const msg::ReportAck& in);
void put(schema::OpeningRequest::Builder out, const msg::OpeningRequest& in);
void put(schema::Opening::Builder out, const msg::Opening& in);
void put(schema::UploadRequest::Builder out, const msg::UploadRequest& in);
void put(schema::Verdicts::Builder out, const msg::Verdicts& in);
void put(schema::LogPieces::Builder out, const msg::LogPieces& in);
void put(schema::CheckpointMade::Builder out, const msg::CheckpointMade& in);
msg::Report get(schema::Report::Reader in);
msg::ReportAck get(schema::ReportAck::Reader in);
msg::OpeningRequest get(schema::OpeningRequest::Reader in);
msg::Opening get(schema::Opening::Reader in);
msg::UploadRequest get(schema::UploadRequest::Reader in);
msg::Verdicts get(schema::Verdicts::Reader in);
msg::CheckpointMade get(schema::CheckpointMade::Reader in);
msg::LogPieces get(schema::LogPieces::Reader in);

}  // namespace reeve::wire
