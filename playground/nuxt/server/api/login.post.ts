export default defineEventHandler(async (event) => {
  const { name } = await readBody<{ name?: unknown }>(event);
  if (typeof name !== "string" || name.trim() === "") throw createError({ status: 400, message: "Who are you?" });
  const session = await useSession(event);
  await session.$regenerate();
  session.user = { name: name.trim().slice(0, 40), since: new Date() };
});
