export default defineEventHandler(async (event) => {
  const session = await useSession(event);
  session.visits = [...(session.visits ?? []), new Date().toISOString()].slice(-3);
  return session.visits;
});
