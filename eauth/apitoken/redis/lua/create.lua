-- ARGV: the number of this call, and the token.
local t = token_at(2, ARGV[1])
local there = load(t.id)
if there and there.by == t.by then return {'ok'} end
if t.parent ~= '' then
  local parent = load(t.parent)
  if not parent then return {'not found'} end
  local refusal = parent_refuses(t, parent, t.created)
  if refusal then return {refusal} end
end
if taken(t) or name_taken(t, t.created) then return {'conflict'} end
add(t, t.created)
take_name(t)
return {'ok'}
