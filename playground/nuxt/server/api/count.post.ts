export default defineEventHandler(async (event) => {
  const session = await useSession(event);
  session.$increment("count");
});
