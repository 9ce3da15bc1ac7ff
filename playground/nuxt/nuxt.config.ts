export default defineNuxtConfig({
  compatibilityDate: "2026-09-01",
  modules: ["unsession/nuxt"],
  unsession: { publicFields: ["user", "count"] },
  // One file for everybody.
  routeRules: { "/about": { prerender: true } },
  css: ["~/assets/main.css"],
  app: { head: { title: "unsession in Nuxt", htmlAttrs: { lang: "en" }, link: [{ rel: "icon", href: "/icon.svg" }] } },
});
