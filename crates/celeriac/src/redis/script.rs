//! What the server runs for us in one step. Each script is ours; what it leaves behind is what kombu and Celery leave.

use std::sync::LazyLock;

/// A script and the name under which the server remembers it.
pub(super) struct Script {
    pub(super) text: &'static str,
    pub(super) sha: String,
}

impl Script {
    fn new(text: &'static str) -> Self {
        Self { text, sha: sha1_smol::Sha1::from(text).digest().to_string() }
    }

    /// The script of this name, if it is one of ours.
    pub(super) fn by_sha(sha: &[u8]) -> Option<&'static Script> {
        let all = [&TAKE, &RESTORE, &DROP, &UNLOCK, &BIND, &SWEEP, &STORE, &PART, &CLAIM, &DONE];
        all.into_iter().map(|script| &**script).find(|script| script.sha.as_bytes() == sha)
    }
}

/// Takes up to ARGV[1] messages from the lists KEYS[3..], in their order, and in the same step marks each as delivered
/// at ARGV[2]: kombu does the one after the other and loses the message when it dies in between. ARGV[3..] are the
/// tails of the marks, `,"","queue"]`, which name the default exchange, so that whoever restores the message finds its
/// queue without a binding. ARGV[#ARGV] names those that have no tag of their own.
///
/// Answers {armed, error, place, tag, raw, place, tag, raw, ...}. `armed` is 1 when all lists were seen empty by a command
/// that only reads: then a connection with tracking hears of the next message. What is no message is handed out unmarked
/// (its tag is empty), because a Python peer that restores it would fail on it each time.
///
/// The first write is the pop: a server that is full refuses no later one in the same script. When a mark is refused all
/// the same, what was popped goes back.
pub(super) static TAKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r#"
local want, now, base = tonumber(ARGV[1]), ARGV[2], ARGV[#ARGV]
local out, count, bytes = {1, ''}, 0, 0
local lists = {}
for i = 3, #KEYS do lists[i - 2] = KEYS[i] end

local function tag_of(raw)
    if string.sub(raw, 1, 1) == '{' and string.sub(raw, -1) == '}' then
        local from, to = string.find(raw, '"delivery_tag": "', 1, true)
        if not from then from, to = string.find(raw, '"delivery_tag":"', 1, true) end
        if from and not string.find(raw, '"delivery_tag"', to, true) then
            local stop = string.find(raw, '"', to + 1, true)
            local tag = stop and string.sub(raw, to + 1, stop - 1) or ''
            if tag ~= '' and not string.find(tag, '\\', 1, true) then return tag end
        end
    end
    local ok, message = pcall(cjson.decode, raw)
    if not ok or type(message) ~= 'table' or type(message.properties) ~= 'table' then return '' end
    local tag = message.properties.delivery_tag
    if type(tag) == 'string' and tag ~= '' then return tag end
    if tag == nil and type(message.headers) == 'table' then return base .. ':' .. count end
    return ''
end

local function pop(i)
    local got_all = false
    while count < want and bytes < 4194304 and not got_all do
        local n = want - count
        if count == 0 then n = math.min(n, 16)
        else n = math.max(1, math.min(n, 512, math.floor(4194304 / (bytes / count + 1)))) end
        local got = redis.pcall('RPOP', lists[i], n)
        if type(got) ~= 'table' then return end
        if got.err then out[2] = got.err return end
        got_all = #got < n
        local index, held = {}, {}
        for _, raw in ipairs(got) do
            local tag = tag_of(raw)
            if tag ~= '' then
                index[#index + 1] = now
                index[#index + 1] = tag
                held[#held + 1] = tag
                held[#held + 1] = '[' .. raw .. ARGV[i + 2]
            end
            out[#out + 1] = i
            out[#out + 1] = tag
            out[#out + 1] = raw
            count = count + 1
            bytes = bytes + #raw
        end
        if #held > 0 then
            local done = redis.pcall('HSET', KEYS[1], unpack(held))
            if type(done) ~= 'table' or not done.err then
                done = redis.pcall('ZADD', KEYS[2], unpack(index))
                if type(done) == 'table' and done.err then
                    for at = 1, #held, 2 do redis.pcall('HDEL', KEYS[1], held[at]) end
                end
            end
            if type(done) == 'table' and done.err then
                for at = #got, 1, -1 do
                    redis.call('RPUSH', lists[i], got[at])
                    for _ = 1, 3 do out[#out] = nil end
                end
                count = count - #got
                out[1], out[2] = 0, done.err
                want = 0
            end
        end
    end
end

if #lists == 0 then return {0, ''} end
pop(1)
if count < want and bytes < 4194304 then
    local filled = redis.call('EXISTS', unpack(lists))
    if filled > 0 then
        for i = 1, #lists do
            local before = count
            pop(i)
            if count > before then filled = filled - 1 end
            if filled == 0 then break end
        end
        if redis.call('EXISTS', unpack(lists)) > 0 then out[1] = 0 end
    end
else
    out[1] = 0
end
return out
"#,
    )
});

/// Puts ARGV[2] into the lists KEYS[3..] in place of the delivered message ARGV[1], unless another has settled or
/// restored it, or it was delivered after ARGV[4]. ARGV[3] is the side: RPUSH is next, LPUSH is last.
pub(super) static RESTORE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local since = redis.call('ZSCORE', KEYS[2], ARGV[1])
if not since or tonumber(since) > tonumber(ARGV[4]) then return 0 end
for i = 3, #KEYS do redis.call(ARGV[3], KEYS[i], ARGV[2]) end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[1], ARGV[1])
return 1
",
    )
});

/// Takes the tag ARGV[1] out of the index if no message lies under it and it was marked before ARGV[2].
pub(super) static DROP: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local since = redis.call('ZSCORE', KEYS[2], ARGV[1])
if not since or tonumber(since) > tonumber(ARGV[2]) then return 0 end
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return 0 end
return redis.call('ZREM', KEYS[2], ARGV[1])
",
    )
});

/// Gives up the lock KEYS[1] if it is still held with ARGV[1].
pub(super) static UNLOCK: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
",
    )
});

/// Puts the member ARGV[1] into the binding table KEYS[1], which belongs to the exchange ARGV[2], and moves the
/// exchange's deadline in KEYS[2] to ARGV[3] ms from now, by the server's clock and never to an earlier time.
pub(super) static BIND: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local seconds, micros = unpack(redis.call('TIME'))
local now = seconds * 1000 + math.floor(micros / 1000)
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[2], 'GT', string.format('%.0f', now + ARGV[3]), ARGV[2])
",
    )
});

/// Forgets binding tables whose deadline in KEYS[1] has passed, at most ARGV[3] of them. ARGV[1] and ARGV[2] are what
/// stands before the exchange in the names of the tables and of their permanent halves. A table with a permanent
/// half stays, without a deadline.
pub(super) static SWEEP: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local seconds, micros = unpack(redis.call('TIME'))
local now = string.format('%.0f', seconds * 1000 + math.floor(micros / 1000))
local late = redis.call('ZRANGE', KEYS[1], '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[3])
for _, exchange in ipairs(late) do
    if redis.call('EXISTS', ARGV[2] .. exchange) == 0 then redis.call('DEL', ARGV[1] .. exchange) end
    redis.call('ZREM', KEYS[1], exchange)
end
return #late
",
    )
});

/// Stores documents and announces them: KEYS are their keys, ARGV a document and its seconds to live (0 is for ever) for
/// each. A key that holds a success keeps it.
pub(super) static STORE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r#"
local kept = redis.call('MGET', unpack(KEYS))
local done = {}
for i, key in ipairs(KEYS) do
    local old = done[key] or kept[i]
    local success = false
    if old then
        local from = string.find(old, '"status"', 1, true)
        if from and not string.find(old, '"status"', from + 8, true) then
            success = string.find(old, '^%s*:%s*"SUCCESS"', from + 8) ~= nil
        else
            local ok, record = pcall(cjson.decode, old)
            success = ok and type(record) == 'table' and record.status == 'SUCCESS'
        end
    end
    if not success then
        local document, seconds = ARGV[2 * i - 1], ARGV[2 * i]
        if seconds == '0' then
            redis.call('SET', key, document)
        else
            redis.call('SET', key, document, 'EX', seconds)
        end
        redis.call('PUBLISH', key, document)
        done[key] = document
    end
end
return 1
"#,
    )
});

/// Counts a part of a chord. KEYS: the parts `.j`, the parts that were added `.t`, the size `.s`, the parts that were
/// seen `.d`, the saved header, the claim `.c`. ARGV: the task, its part, 1 for a header in order, the place, the
/// seconds that the parts and the header live (0 is for ever), the seconds that the claim lives, the claim.
///
/// Answers {count or -1 when the body has begun long ago, added parts, size, 1 when the claim is the caller's}.
pub(super) static PART: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local parts, more, size, seen, header, claim = unpack(KEYS)
local task, part, ordered, place = ARGV[1], ARGV[2], ARGV[3] == '1', ARGV[4]
if redis.call('GET', claim) == 'done' then return {-1, 0, 0, 0} end
local once = task .. ':' .. place
if redis.call('SISMEMBER', seen, once) == 0 then
    if ordered then redis.call('ZADD', parts, place, part) else redis.call('RPUSH', parts, part) end
    redis.call('SADD', seen, once)
end
local count = redis.call(ordered and 'ZCARD' or 'LLEN', parts)
if tonumber(ARGV[5]) > 0 then
    for _, key in ipairs({parts, more, size, seen}) do redis.call('EXPIRE', key, ARGV[5]) end
    if tonumber(ARGV[6]) > 0 then redis.call('EXPIRE', header, ARGV[6]) end
end
local added, total = redis.call('GET', more), redis.call('GET', size)
local whole = tonumber(total or '')
local mine = 0
if whole and count == whole + (tonumber(added or '0') or 0) then
    if redis.call('SET', claim, ARGV[8], 'NX', 'EX', ARGV[7]) then mine = 1 end
end
return {count, added, total, mine}
",
    )
});

/// Makes the claim ARGV[1] in KEYS[1] live for ARGV[2] seconds more, and takes it again if it ran out while the size
/// KEYS[2] is still there.
pub(super) static CLAIM: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local holder = redis.call('GET', KEYS[1])
if holder == ARGV[1] then return redis.call('EXPIRE', KEYS[1], ARGV[2]) end
if holder or redis.call('EXISTS', KEYS[2]) == 0 then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1
",
    )
});

/// Drops what a chord has kept, KEYS[2..], and marks it as done for ARGV[2] seconds, if the claim KEYS[1] is ARGV[1].
pub(super) static DONE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], 'done', 'EX', ARGV[2])
for i = 2, #KEYS do redis.call('DEL', KEYS[i]) end
return 1
",
    )
});
