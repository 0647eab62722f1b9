# The control socket's messages. One Envelope is one ZeroMQ message; protocol/messages.h says what each means and
# protocol/limits.h how long each list and text may be: wire.h refuses what is longer, by name.
#
# Rules of change. Fields and union members are only ever added, at the end; none is renumbered, retyped or reused.
# A reader of protocol N-1 ignores fields that it does not know, and a reader of N finds defaults where N-1 sent
# nothing. What a peer may be sent follows from the protocol that Welcome settled.
#
#   protocol 1   everything not marked otherwise
#   protocol 2   JobUpdate.inlineResult, Assign.leaves, Report.leaves
#
# Conventions. Ids, times (nanoseconds since 1970), durations (nanoseconds) and amounts (micro-credits) are 64-bit.
# Digests, keys and signatures are Data of fixed length; a list of digests is one Data, 32 bytes each, which is a
# third of the size of a list of Data. `job` with `step` names a step; `first` with `count` a range of its tasks.

@0xc3a1d0f27be95d84;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("reeve::schema");

struct Envelope {
  union {
    hello @0 :Hello;                    # either side's first message, agents and clients first
    welcome @1 :Welcome;                # region
    enrol @2 :Enrol;                    # stranger
    commands @3 :Commands;              # requester, owner, operator
    query @4 :Query;                    # anyone enrolled
    fetchResults @5 :FetchResults;      # requester
    subscribe @6 :Subscribe;            # requester
    replies @7 :Replies;                # region
    jobUpdate @8 :JobUpdate;            # region
    agentHello @9 :AgentHello;          # agent
    credit @10 :Credit;                 # agent
    heartbeat @11 :Heartbeat;           # agent
    assign @12 :Assign;                 # region
    report @13 :Report;                 # agent
    reportAck @14 :ReportAck;           # region
    cancelAttempts @15 :CancelAttempts; # region
    openingRequest @16 :OpeningRequest; # region
    opening @17 :Opening;               # agent
    uploadRequest @18 :UploadRequest;   # region
    verdicts @19 :Verdicts;             # region
    goodbye @20 :Goodbye;               # region
    logPieces @21 :LogPieces;           # agent, to a region whose welcome has a logBytesPerS
    checkpointMade @22 :CheckpointMade; # agent, of a step whose checkpointBytes is not 0
  }
}

# ---- words used by several messages ----

enum Role { stranger @0; requester @1; owner @2; agent @3; referee @4; operator @5; }

enum ErrorCode {
  invalid @0; notFound @1; notAllowed @2; conflict @3; exhausted @4; unreachable @5; timeout @6; io @7; corrupt @8;
}

struct Error {
  code @0 :ErrorCode;
  message @1 :Text;
  hint @2 :Text;
}

struct Kernel {
  name @0 :Text;
  contract @1 :UInt32;
}

struct TaskNeed {
  cpus @0 :UInt32;
  memoryMib @1 :UInt32;
  gpus @2 :UInt32;
  vramMib @3 :UInt32;
  tags @4 :List(Text);
  kernel @5 :Kernel;
}

struct Capability {
  cpus @0 :UInt32;
  memoryMib @1 :UInt32;
  gpus @2 :UInt32;
  vramMib @3 :UInt32;
  tags @4 :List(Text);
  kernels @5 :List(Kernel);
  bitClass @6 :Text;           # hosts of one class give the same bits from the same program; empty: not known
}

# ---- everybody ----

struct Hello {
  protocolOldest @0 :UInt32;
  protocolNewest @1 :UInt32;
  software @2 :Text;
}

struct Welcome {
  protocol @0 :UInt32;   # the one that both sides speak from here on
  region @1 :Text;
  bootEpoch @2 :UInt64;
  bulkPort @3 :UInt32;   # same host, same server key
  role @4 :Role;         # of the key that authenticated this connection
  party @5 :UInt64;
  agent @6 :UInt64;
  logBytesPerS @7 :UInt32;  # of an agent's log pieces the region takes so much; 0: none
}

struct Enrol {
  request @0 :Data;      # 16 bytes
  token @1 :Text;        # "id.secret"
  name @2 :Text;
  identity @3 :Data;     # Ed25519 public key, 32 bytes
  sequence @4 :UInt64;
  notAfter @5 :Int64;
  binding @6 :Data;      # 64 bytes: the identity signs this connection's transport key
}

# ---- commands ----

enum VerifyMode { adaptive @0; quorum @1; none @2; }

struct StepSpec {
  name @0 :Text;
  taskCount @1 :UInt32;
  dependsOn @2 :List(UInt32);  # earlier steps of the job, ascending
  need @3 :TaskNeed;
  leafBytes @4 :UInt32;        # 0: a result is one leaf
  workPerTask @5 :UInt64;
  maxResultBytes @6 :UInt64;
  timeLimit @7 :Int64;
  script @8 :Data;             # opaque to the region
  inputs @9 :Data;             # digests of blobs
  compare @10 :Text;           # how results are compared; empty: by their roots
  gangMin @11 :UInt32;         # slots of one farm that a task runs on at once; 0: it is no gang
  gangMax @12 :UInt32;
  mostAtOnce @13 :UInt32;      # tasks with agents at one time; 0: any number
  mostMemoryMib @14 :UInt32;   # of a task that ran out of memory; 0: it is a failure
  checkpointMib @15 :UInt32;   # what a task may leave for its next attempt, at most; 0: nothing
  iteration @16 :Iteration;    # of a step whose tasks go on from results of earlier ones
}

struct Iteration {             # protocol/iteration.h
  generations @0 :UInt32;
  shards @1 :UInt32;
  staleness @2 :UInt32;
  keepEvery @3 :UInt32;
}

struct JobSpec {
  name @0 :Text;
  priority @1 :Int32;
  verifyMode @2 :VerifyMode;
  quorum @3 :UInt32;
  maxRetries @4 :UInt32;
  maxPrice @5 :Int64;
  after @6 :List(UInt64);      # jobs that must have succeeded
  steps @7 :List(StepSpec);
}

struct SubmitJob {
  spec @0 :JobSpec;
  notify @1 :Bool;
  onlyQuote @2 :Bool;          # answered by Accepted with job 0
}

enum JobVerb { cancel @0; pause @1; resume @2; retryFailed @3; setPriority @4; forget @5; }

struct JobCommand {
  job @0 :UInt64;
  verb @1 :JobVerb;
  priority @2 :Int32;          # of setPriority
  reason @3 :Text;
}

struct CreateToken {
  role @0 :Role;
  tokenId @1 :Text;
  secretDigest @2 :Data;       # 32 bytes
  uses @3 :UInt32;
  expires @4 :Int64;
  credits @5 :Int64;
  delegation @6 :Data;         # 64 bytes; zeros unless an owner invites agents
}

struct Fund { party @0 :UInt64; amount @1 :Int64; }

struct Revoke {                # one of the three
  tokenId @0 :Text;
  party @1 :UInt64;
  agent @2 :UInt64;
}

struct SetAgentPaused { agent @0 :UInt64; paused @1 :Bool; }

struct Command {
  request @0 :Data;            # 16 bytes; a repeated one is answered from memory
  union {
    submitJob @1 :SubmitJob;
    jobCommand @2 :JobCommand;
    createToken @3 :CreateToken;
    fund @4 :Fund;
    revoke @5 :Revoke;
    setAgentPaused @6 :SetAgentPaused;
  }
}

struct Commands { commands @0 :List(Command); }

struct Query { request @0 :Data; path @1 :Text; }

struct FetchResults {
  request @0 :Data;
  job @1 :UInt64;
  step @2 :UInt32;
  first @3 :UInt32;
}

struct Subscribe { job @0 :UInt64; on @1 :Bool; }

# ---- answers ----

struct Accepted { job @0 :UInt64; quoteLikely @1 :Int64; quoteMost @2 :Int64; }

struct Enrolled { role @0 :Role; party @1 :UInt64; agent @2 :UInt64; }

struct ResultRow {             # either sizes with payload, or blobs with blobSizes
  first @0 :UInt32;
  count @1 :UInt32;
  sizes @2 :List(UInt32);
  payload @3 :Data;
  blobs @4 :Data;              # digests
  blobSizes @5 :List(UInt64);
}

struct ResultPage {
  rows @0 :List(ResultRow);
  next @1 :UInt32;
  more @2 :Bool;
}

struct Reply {
  request @0 :Data;
  union {
    done @1 :Void;
    accepted @2 :Accepted;
    enrolled @3 :Enrolled;
    json @4 :Text;
    page @5 :ResultPage;
    error @6 :Error;
  }
}

struct Replies { replies @0 :List(Reply); }

enum JobState { queued @0; running @1; paused @2; succeeded @3; failed @4; cancelled @5; }

struct JobUpdate {
  job @0 :UInt64;
  state @1 :JobState;
  tasks @2 :UInt64;
  settled @3 :UInt64;
  failed @4 :UInt64;
  inlineResult @5 :Data;       # protocol 2: of a job with one task, when it fits
}

# ---- agents ----

struct HeldAttempt {
  attempt @0 :UInt64;
  job @1 :UInt64;
  step @2 :UInt32;
  first @3 :UInt32;
  count @4 :UInt32;
  replica @5 :UInt32;
  ticket @6 :Data;             # 16 bytes
}

struct AgentHello {
  name @0 :Text;
  slots @1 :UInt32;
  capability @2 :Capability;   # of each slot
  held @3 :List(HeldAttempt);
  farm @4 :Text;               # where agents of one owner reach each other; empty: in no gang
  gangEndpoint @5 :Text;       # address:port, for members of a gang
}

struct Credit { grantedTotal @0 :UInt64; }

struct Heartbeat {
  held @0 :List(UInt64);       # attempts
  paused @1 :Bool;
}

struct StepInfo {
  job @0 :UInt64;
  step @1 :UInt32;
  kernel @2 :Kernel;
  leafBytes @3 :UInt32;
  maxResultBytes @4 :UInt64;
  timeLimit @5 :Int64;
  script @6 :Data;
  inputs @7 :Data;             # digests of blobs
  rooted @8 :Bool;             # results stay with the agent until they are asked for
  checkpointBytes @9 :UInt64;  # what a task may leave for its next attempt, at most
  iteration @10 :Iteration;
}

struct GangMember { agent @0 :Text; endpoint @1 :Text; }

struct GangSeat {              # sent to agents alone that name a farm
  lead @0 :UInt64;             # the attempt of rank 0
  rank @1 :UInt32;
  secret @2 :Data;             # 32 bytes
  members @3 :List(GangMember);
}

struct Assignment {
  attempt @0 :UInt64;
  job @1 :UInt64;
  step @2 :UInt32;
  first @3 :UInt32;
  count @4 :UInt32;
  replica @5 :UInt32;
  lease @6 :Int64;
  ticket @7 :Data;             # 16 bytes
  gang @8 :GangSeat;
  memoryMib @9 :UInt32;        # of each task; 0: what its slot has
  checkpoint @10 :Data;        # digest of what an earlier attempt of the one task left
  inputs @11 :Data;            # digests of the results that each task goes on from
}

struct LeafAssignment {        # protocol 2
  attempt @0 :UInt64;
  job @1 :UInt64;
  step @2 :UInt32;
  task @3 :UInt32;
  leaves @4 :List(UInt32);
  lease @5 :Int64;
  inputs @6 :Data;             # as of an assignment of the task
}

struct ComparisonAssignment {  # sent to agents alone that offer the kernel compare/1
  attempt @0 :UInt64;
  job @1 :UInt64;
  step @2 :UInt32;
  task @3 :UInt32;
  a @4 :Data;                  # digests of blobs
  b @5 :Data;
  sizeA @6 :UInt64;
  sizeB @7 :UInt64;
  compare @8 :Text;
  lease @9 :Int64;
}

struct Assign {
  steps @0 :List(StepInfo);    # of every assignment, each once
  assignments @1 :List(Assignment);
  leaves @2 :List(LeafAssignment);  # protocol 2: never sent to an agent that speaks 1
  comparisons @3 :List(ComparisonAssignment);
}

enum FailureReason { crashed @0; timeLimit @1; inputMissing @2; refused @3; outOfMemory @4; agentLeaving @5; programFailed @6; overLimit @7; }

struct InlineResults {
  sizes @0 :List(UInt32);      # one a task; they add up to the payload
  payload @1 :Data;
}

struct RootedResults {
  roots @0 :Data;              # digests, one a task
  sizes @1 :List(UInt64);
}

struct FailedTasks {
  reason @0 :FailureReason;
  message @1 :Text;
}

struct ReportSection {
  attempt @0 :UInt64;
  job @1 :UInt64;
  step @2 :UInt32;
  first @3 :UInt32;
  count @4 :UInt32;
  kernel @5 :Kernel;
  ticket @6 :Data;             # 16 bytes
  union {
    inline @7 :InlineResults;
    rooted @8 :RootedResults;
    failed @9 :FailedTasks;
  }
}

struct LeafReport {            # protocol 2
  attempt @0 :UInt64;
  job @1 :UInt64;
  step @2 :UInt32;
  task @3 :UInt32;
  leaves @4 :List(UInt32);
  hashes @5 :Data;             # digests, one a leaf
}

enum ComparisonVerdict { same @0; differ @1; undecidable @2; }

struct ComparisonReport {
  attempt @0 :UInt64;
  job @1 :UInt64;
  step @2 :UInt32;
  task @3 :UInt32;
  verdict @4 :ComparisonVerdict;
  why @5 :Text;
}

struct Report {
  sections @0 :List(ReportSection);
  signature @1 :Data;          # 64 bytes, over all sections and leaf reports (commitment.h)
  leaves @2 :List(LeafReport); # protocol 2
  comparisons @3 :List(ComparisonReport);
}

enum SectionStatus { recorded @0; late @1; refused @2; }

struct ReportAck {
  items @0 :List(Item);
  struct Item {
    attempt @0 :UInt64;
    first @1 :UInt32;
    count @2 :UInt32;
    status @3 :SectionStatus;
    why @4 :Text;
  }
}

struct CancelAttempts {
  items @0 :List(Item);
  struct Item {
    attempt @0 :UInt64;
    first @1 :UInt32;
    count @2 :UInt32;
  }
}

struct OpeningRequest {
  attempt @0 :UInt64;
  job @1 :UInt64;
  step @2 :UInt32;
  task @3 :UInt32;
}

struct Opening {
  attempt @0 :UInt64;
  job @1 :UInt64;
  step @2 :UInt32;
  task @3 :UInt32;
  leafHashes @4 :Data;         # digests; empty: refused
}

struct CheckpointMade {
  attempt @0 :UInt64;
  job @1 :UInt64;
  step @2 :UInt32;
  task @3 :UInt32;
  root @4 :Data;               # 32 bytes: of its bundle, as one leaf
  sizeBytes @5 :UInt64;
}

struct UploadRequest {
  attempt @0 :UInt64;
  job @1 :UInt64;
  step @2 :UInt32;
  task @3 :UInt32;
  checkpoint @4 :Bool;         # of the task's newest checkpoint, rather than of its result
}

enum VerdictKind { settled @0; rejected @1; released @2; }

struct Verdicts {
  items @0 :List(Item);
  struct Item {
    attempt @0 :UInt64;
    job @1 :UInt64;
    step @2 :UInt32;
    first @3 :UInt32;
    count @4 :UInt32;
    kind @5 :VerdictKind;
    amount @6 :Int64;
  }
}

struct Goodbye { why @0 :Error; }

struct LogPieces {
  pieces @0 :List(Piece);
  struct Piece {
    attempt @0 :UInt64;
    job @1 :UInt64;
    step @2 :UInt32;
    task @3 :UInt32;
    offset @4 :UInt64;         # of the first byte in the task's whole log
    text @5 :Text;
  }
}
